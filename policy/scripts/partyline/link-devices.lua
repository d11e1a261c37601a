-- SPDX-License-Identifier: MIT
--
-- Link every device of Partyline to its port of the matrix. Runs whenever links are looked over,
-- and makes only what is missing.
--
-- The links linger: audio goes on while WirePlumber restarts, and the next one finds them here.

local log = Log.open_topic ("s-partyline")

-- role of a device -> its port of the matrix, and which way the audio goes
local matrix_ports = {
  ["tablet.talk"] = { format = "tablet_%d_talk", direction = "in" },
  ["tablet.listen"] = { format = "tablet_%d_listen", direction = "out" },
  ["channel.in"] = { format = "channel_%d_in", direction = "in" },
  ["channel.out"] = { format = "channel_%d_out", direction = "out" },
}

-- Links made here and still there, by "output port:input port". Without a reference WirePlumber
-- would take a link for gone that lives on in the server.
local made = {}

local function find_matrix (nodes)
  return nodes:lookup {
    Constraint { "partyline.role", "=", "matrix", type = "pw" },
  }
end

-- The device's port that faces the matrix, and the matrix's that faces the device.
local function find_ports (device, matrix)
  local props = device.properties
  local id = math.tointeger (tonumber (props ["partyline.id"]))
  local peer = matrix_ports [props ["partyline.role"]]

  if not peer or not id then
    return nil
  end
  local matrix_port = matrix:lookup_port {
    Constraint { "port.name", "=", string.format (peer.format, id) },
    Constraint { "port.direction", "=", peer.direction },
  }
  local device_port = device:lookup_port {
    Constraint { "port.direction", "=", peer.direction == "in" and "out" or "in" },
  }
  if not matrix_port or not device_port then
    return nil
  end
  if peer.direction == "in" then
    return device_port, matrix_port, device, matrix
  end
  return matrix_port, device_port, matrix, device
end

local function is_linked (links, output_id, input_id)
  return links:lookup {
    Constraint { "link.output.port", "=", output_id },
    Constraint { "link.input.port", "=", input_id },
  } ~= nil
end

local function make_link (output_node, output_id, input_node, input_id)
  local key = string.format ("%d:%d", output_id, input_id)

  if made [key] then
    return
  end
  local link = Link ("link-factory", {
    ["link.output.node"] = output_node ["bound-id"],
    ["link.output.port"] = output_id,
    ["link.input.node"] = input_node ["bound-id"],
    ["link.input.port"] = input_id,
    ["object.linger"] = true,
  })
  if not link then
    return
  end
  made [key] = link
  link:connect ("pw-proxy-destroyed", function ()
    made [key] = nil
  end)
  link:activate (Features.ALL, function (_, failure)
    if failure then
      made [key] = nil
      log:warning (string.format ("cannot link %s to %s: %s",
          tostring (output_node.properties ["node.name"]),
          tostring (input_node.properties ["node.name"]), tostring (failure)))
    end
  end)
end

SimpleEventHook {
  name = "partyline/link-devices",
  after = { "linking/rescan" },
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
    local nodes = source:call ("get-object-manager", "node")
    local links = source:call ("get-object-manager", "link")
    local matrix = find_matrix (nodes)

    if not matrix then
      return
    end
    for device in nodes:iterate {
      Constraint { "partyline.role", "+", type = "pw" },
    } do
      local output, input, output_node, input_node = find_ports (device, matrix)

      if output and not is_linked (links, output ["bound-id"], input ["bound-id"]) then
        make_link (output_node, output ["bound-id"], input_node, input ["bound-id"])
      end
    end
  end
}:register ()
