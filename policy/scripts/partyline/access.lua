-- SPDX-License-Identifier: MIT
--
-- What a client of the ordinary socket may do in a system session: see the graph, play and
-- record. It may set no gain, volume, mute or metadata, load nothing, remove nothing and make
-- no link. Clients of the manager's socket keep all rights.
--
-- WirePlumber's own script gives one permission for all objects, and believes what a client says
-- of itself ("pipewire.client.access"); here only counts what PipeWire says of its socket.

local log = Log.open_topic ("s-partyline")

local CORE_ID = 0
-- Streams and filters are made with it; every other factory makes or loads something in the server.
local CLIENT_FACTORY = "client-node"
local LINK_FACTORY = "link-factory"

local factories = ObjectManager { Interest { type = "factory" } }
local clients = ObjectManager { Interest { type = "client" } }

local function is_ordinary (client)
  return client.properties ["pipewire.access"] ~= "unrestricted"
end

local function is_allowed (factory)
  local name = factory.properties ["factory.name"]
  return name == CLIENT_FACTORY or
      (name == LINK_FACTORY and Settings.get_boolean ("partyline.client-links"))
end

local function restrict (client)
  -- "x" is for calling methods, and on an object other than the core also for removing it.
  local permissions = { ["any"] = "r", [CORE_ID] = "rx" }

  for factory in factories:iterate () do
    if not is_allowed (factory) then
      permissions [factory ["bound-id"]] = "-"
    end
  end
  client:update_permissions (permissions)
  client:update_properties { ["pipewire.access.effective"] = "partyline" }
  log:info (client, "an ordinary client may play and record")
end

clients:connect ("object-added", function (_, client)
  if is_ordinary (client) then
    restrict (client)
  end
end)

-- Factories of a module that is loaded later.
factories:connect ("object-added", function (_, factory)
  if is_allowed (factory) then
    return
  end
  for client in clients:iterate () do
    if is_ordinary (client) then
      client:update_permissions { [factory ["bound-id"]] = "-" }
    end
  end
end)

-- The clients wait until it is known what must be kept from them.
factories:connect ("installed", function ()
  clients:activate ()
end)
factories:activate ()
