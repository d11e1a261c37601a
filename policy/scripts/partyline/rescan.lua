-- SPDX-License-Identifier: MIT
--
-- A node or a port of Partyline or of a sound card came, a link went, or a binding changed: have
-- the links looked over, once, after all the events that come with it.

local function is_to_be_linked (source, node_id)
  local nodes = source:call ("get-object-manager", "node")
  local node = nodes:lookup {
    Constraint { "bound-id", "=", tonumber (node_id), type = "gobject" },
  }
  return node ~= nil and (node.properties ["partyline.role"] ~= nil or
      node.properties ["device.api"] == "alsa")
end

-- Its ports may have been told before the node itself.
SimpleEventHook {
  name = "partyline/node-added",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "node-added" },
      Constraint { "partyline.role", "+", type = "pw" },
    },
    EventInterest {
      Constraint { "event.type", "=", "node-added" },
      Constraint { "device.api", "=", "alsa", type = "pw" },
    },
  },
  -- The hook that makes a device's item is the last for its event.
  before = { "partyline/own-items", "node/create-item" },
  execute = function (event)
    event:get_source ():call ("schedule-rescan", "linking")
  end
}:register ()

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

    if is_to_be_linked (source, port.properties ["node.id"]) then
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

SimpleEventHook {
  name = "partyline/bindings-changed",
  interests = {
    EventInterest {
      Constraint { "event.type", "c", "metadata-added", "metadata-changed" },
      Constraint { "metadata.name", "=", "partyline" },
    },
  },
  execute = function (event)
    local source = event:get_source ()

    source:call ("schedule-rescan", "linking")
    -- A card that is bound now may have been the default.
    source:call ("schedule-rescan", "default-nodes")
  end
}:register ()
