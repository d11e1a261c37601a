-- SPDX-License-Identifier: MIT
--
-- A port or link of Partyline came or went: have the links looked over, once, after all the
-- events that come with it.

local log = Log.open_topic ("s-partyline")

local function is_partyline_node (source, node_id)
  local nodes = source:call ("get-object-manager", "node")
  local node = nodes:lookup {
    Constraint { "bound-id", "=", tonumber (node_id), type = "gobject" },
  }
  return node ~= nil and node.properties ["partyline.role"] ~= nil
end

SimpleEventHook {
  name = "partyline/ports-changed",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "port-added" },
    },
  },
  execute = function (event)
    local source = event:get_source ()
    local port = event:get_subject ()

    if is_partyline_node (source, port.properties ["node.id"]) then
      source:call ("schedule-rescan", "linking")
    end
  end
}:register ()

SimpleEventHook {
  name = "partyline/link-removed",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "link-removed" },
    },
  },
  execute = function (event)
    local source = event:get_source ()
    local props = event:get_subject ().properties

    -- Links go with their ports as well: then a node is missing and nothing is to be done.
    if is_partyline_node (source, props ["link.output.node"]) and
        is_partyline_node (source, props ["link.input.node"]) then
      log:info ("a link of the matrix was removed")
      source:call ("schedule-rescan", "linking")
    end
  end
}:register ()
