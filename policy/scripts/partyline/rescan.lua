-- SPDX-License-Identifier: MIT
--
-- A port of Partyline came, or a link went: have the links looked over, once, after all the events
-- that come with it.

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
    -- What a removed link was between cannot be asked any more. A look over all links changes
    -- nothing where nothing is missing.
    event:get_source ():call ("schedule-rescan", "linking")
  end
}:register ()
