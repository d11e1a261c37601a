-- SPDX-License-Identifier: MIT
--
-- What the hooks share: looks over all links, links that linger, sound cards by their stable names,
-- and bindings.

local log = Log.open_topic ("s-partyline")

local utils = {}

-- Links made here and still there, by "output port:input port". Without a reference WirePlumber
-- would take a link for gone that lives on in the server.
local made = {}

local function link_key (output_id, input_id)
  return string.format ("%s:%s", output_id, input_id)
end

function utils.is_linked (links, output_id, input_id)
  return links:lookup {
    Constraint { "link.output.port", "=", output_id },
    Constraint { "link.input.port", "=", input_id },
  } ~= nil
end

-- WirePlumber asks a new port for its format, gives the port up when there is none any more (its
-- link went in that moment), and never looks at it again. A fresh object manager does.
local SECOND_LOOKS_MAX = 3
local second_looks = {} -- by node id: { ports, is_done, number }

local function second_look (node, n_ports)
  local id = node ["bound-id"]
  local look = second_looks [id] or { is_done = true, number = 0 }

  if look.is_done and look.number < SECOND_LOOKS_MAX and
      (not look.ports or look.ports:get_n_objects () < n_ports) then
    local ports = ObjectManager {
      Interest {
        type = "port",
        Constraint { "node.id", "=", tostring (id), type = "pw-global" },
      }
    }
    look = { ports = ports, is_done = false, number = look.number + 1 }
    second_looks [id] = look
    ports:connect ("installed", function ()
      look.is_done = true
      Plugin.find ("standard-event-source"):call ("schedule-rescan", "linking")
    end)
    ports:activate ()
    log:info (node, "has ports that are not known, looking again")
  end
  return look.ports
end

-- The ports of a node that are known elsewhere than at the node; nil when it knows all of them.
local function ports_elsewhere (node)
  local n_inputs, n_outputs = node:get_n_input_ports (), node:get_n_output_ports ()

  if node:get_n_ports () < n_inputs + n_outputs then
    return second_look (node, n_inputs + n_outputs)
  end
  second_looks [node ["bound-id"]] = nil
  return nil
end

-- Iterate the ports of a node, those that WirePlumber has lost sight of included.
function utils.iterate_ports (node, constraints)
  local elsewhere = ports_elsewhere (node)

  -- An iterator is several values: "and … or" would keep one of them.
  if elsewhere then
    return elsewhere:iterate (constraints)
  end
  return node:iterate_ports (constraints)
end

-- The first port that fits, or nil.
function utils.find_port (node, constraints)
  local elsewhere = ports_elsewhere (node)

  if elsewhere then
    return elsewhere:lookup (constraints)
  end
  return node:lookup_port (constraints)
end

-- Ports of a node in one direction, in their order.
--   format  of their property format.dsp, or nil: any
function utils.ports_of (node, direction, format)
  local ports = {}

  for port in utils.iterate_ports (node, {
    Constraint { "port.direction", "=", direction },
  }) do
    if not format or port.properties ["format.dsp"] == format then
      table.insert (ports, port)
    end
  end
  table.sort (ports, function (a, b)
    return tonumber (a.properties ["port.id"]) < tonumber (b.properties ["port.id"])
  end)
  return ports
end

-- Have all links of one kind looked over whenever links are: look_over (source, nodes, links).
function utils.register_look (name, after, look_over)
  SimpleEventHook {
    name = name,
    after = after,
    interests = {
      EventInterest {
        Constraint { "event.type", "=", "rescan-for-linking" },
      },
    },
    execute = function (event)
      if not Settings.get_boolean ("partyline.link-devices") then
        return
      end
      local source = event:get_source ()

      look_over (source, source:call ("get-object-manager", "node"),
          source:call ("get-object-manager", "link"))
    end
  }:register ()
end

-- Make a link unless it is there. @return whether it was missing
function utils.ensure_link (links, output_node, output_id, input_node, input_id, properties)
  if utils.is_linked (links, output_id, input_id) then
    return false
  end
  utils.make_link (output_node, output_id, input_node, input_id, properties)
  return true
end

-- Link two ports. The link lingers: audio goes on while WirePlumber restarts, and the next one
-- finds it.
--   properties      more of the link's, or nil
--   done (failure)  called once it is there, or with what went wrong; or nil
function utils.make_link (output_node, output_id, input_node, input_id, properties, done)
  local key = link_key (output_id, input_id)

  done = done or function () end
  if made [key] then
    done (nil)
    return
  end
  local props = {
    ["link.output.node"] = output_node ["bound-id"],
    ["link.output.port"] = output_id,
    ["link.input.node"] = input_node ["bound-id"],
    ["link.input.port"] = input_id,
    ["object.linger"] = true,
  }
  for name, value in pairs (properties or {}) do
    props [name] = value
  end
  local link = Link ("link-factory", props)
  if not link then
    done ("there is no link factory")
    return
  end
  local function forget ()
    -- By now another may have been made in its place.
    if made [key] == link then
      made [key] = nil
    end
  end

  made [key] = link
  link:connect ("pw-proxy-destroyed", forget)
  link:activate (Features.ALL, function (_, failure)
    if failure then
      forget ()
      log:warning (string.format ("cannot link %s to %s: %s",
          tostring (output_node.properties ["node.name"]),
          tostring (input_node.properties ["node.name"]), tostring (failure)))
    end
    done (failure and tostring (failure))
  end)
end

-- Take away a link that was made here or by a WirePlumber before.
function utils.remove_link (link)
  local props = link.properties

  made [link_key (props ["link.output.port"], props ["link.input.port"])] = nil
  link:request_destroy ()
end

-- {"device":"card:USB,1","port":2} -> { by = "card", name = "USB", device = 1, port = 2 }; nil when
-- it is not a binding.
function utils.parse_binding (text)
  local json = Json.Raw (text)

  if not json:is_object () then
    return nil
  end
  local value = json:parse (1)

  return utils.parse_device (value.device, value.port or 0)
end

-- "card:USB,1", 2 -> { by = "card", name = "USB", device = 1, port = 2 }; nil when it names no
-- sound card. Port 0: all of them.
function utils.parse_device (text, number)
  local by, name = tostring (text):match ("^(%l+):(.+)$")
  local port = math.tointeger (tonumber (number))

  if not by or not port or port < 0 then
    return nil
  end
  local rest, device = name:match ("^(.+),(%d+)$")

  return {
    by = by,
    name = rest or name,
    device = math.tointeger (tonumber (device or 0)),
    port = port,
  }
end

-- key -> binding, of all that the daemon has written.
function utils.bindings (source)
  local metadata = source:call ("get-object-manager", "metadata"):lookup {
    Constraint { "metadata.name", "=", "partyline" },
  }
  local bindings = {}

  if not metadata then
    return bindings
  end
  for _, key, _, value in metadata:iterate (0) do
    local kind, id, way = key:match ("^partyline%.(%l+)%.(%d+)%.(%l+)$")
    local binding = value and utils.parse_binding (value)

    if not kind or not binding then
      log:warning (string.format ("%s: %s is not a binding", tostring (key), tostring (value)))
    else
      binding.kind, binding.id, binding.way = kind, math.tointeger (tonumber (id)), way
      bindings [key] = binding
    end
  end
  return bindings
end

-- What the node does not say of its card is known by the device it belongs to.
local function device_of (source, props)
  local id = tonumber (props ["device.id"])

  return id and source:call ("get-object-manager", "device"):lookup {
    Constraint { "bound-id", "=", id, type = "gobject" },
  }
end

local function card_id (props)
  return props ["api.alsa.card.id"] or
      (props ["object.path"] or ""):match ("^alsa:acp:([^:]+)") or props ["alsa.id"]
end

local names = {
  card = card_id,
  path = function (props) return props ["device.bus-path"] end,
  serial = function (props) return props ["device.serial"] end,
}

-- Whether a node of these properties is the sound card that a binding names.
function utils.is_device (source, props, binding)
  local find = names [binding.by]

  if not find or props ["device.api"] ~= "alsa" then
    return false
  end
  local number = props ["api.alsa.pcm.device"] or props ["alsa.device"] or 0

  if tonumber (number) ~= binding.device then
    return false
  end
  -- The device knows the card's own id; alsa.id of a node may be that of the PCM.
  local device = device_of (source, props)
  local name = device and find (device.properties) or find (props)

  return name == binding.name
end

-- The node of the sound card that a binding names, in one direction; of several the one that came
-- first.
function utils.find_card (source, nodes, binding, captures)
  local found = nil

  for node in nodes:iterate {
    Constraint { "media.class", "=", captures and "Audio/Source" or "Audio/Sink", type = "pw" },
    Constraint { "device.api", "=", "alsa", type = "pw" },
  } do
    if utils.is_device (source, node.properties, binding) and
        (not found or node ["bound-id"] < found ["bound-id"]) then
      found = node
    end
  end
  return found
end

-- Whether streams that name no target are to stay away: a device of Partyline, or a sound card
-- that is bound.
function utils.is_ours (source, props)
  if props ["partyline.role"] then
    return true
  end
  if props ["device.api"] ~= "alsa" then
    return false
  end
  for _, binding in pairs (utils.bindings (source)) do
    if utils.is_device (source, props, binding) then
      return true
    end
  end
  return false
end

return utils
