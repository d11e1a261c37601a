-- SPDX-License-Identifier: MIT
--
-- Link every device of Partyline to its port of the matrix. Runs whenever links are looked over,
-- and makes only what is missing.

local utils = require ("partyline-utils")

-- role of a device -> its port of the matrix, and which way the audio goes
local matrix_ports = {
  ["tablet.talk"] = { format = "tablet_%d_talk", direction = "in" },
  ["tablet.listen"] = { format = "tablet_%d_listen", direction = "out" },
  ["channel.in"] = { format = "channel_%d_in", direction = "in" },
  ["channel.out"] = { format = "channel_%d_out", direction = "out" },
}

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
  local matrix_port = utils.find_port (matrix, {
    Constraint { "port.name", "=", string.format (peer.format, id) },
    Constraint { "port.direction", "=", peer.direction },
  })
  local device_port = utils.find_port (device, {
    Constraint { "port.direction", "=", peer.direction == "in" and "out" or "in" },
  })
  if not matrix_port or not device_port then
    return nil
  end
  if peer.direction == "in" then
    return device_port, matrix_port, device, matrix
  end
  return matrix_port, device_port, matrix, device
end

utils.register_look ("partyline/link-devices", { "linking/rescan" }, function (_, nodes, links)
  local matrix = find_matrix (nodes)

  if not matrix then
    return
  end
  for device in nodes:iterate {
    Constraint { "partyline.role", "+", type = "pw" },
  } do
    local output, input, output_node, input_node = find_ports (device, matrix)

    if output then
      utils.ensure_link (links, output_node, output ["bound-id"], input_node, input ["bound-id"])
    end
  end
end)
