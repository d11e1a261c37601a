-- SPDX-License-Identifier: MIT
--
-- Link the ports of the daemon's own nodes and of the tone detector to the devices that their
-- property partyline.port.target names: an input takes what the device gives (of a sink its
-- monitor), an output goes into what the device takes. A control port is linked to a control port.
-- "device:" in front of a sound card's stable name: an input takes what the card captures.
-- Runs whenever links are looked over, and makes only what is missing; a link goes with its port.

local utils = require ("partyline-utils")

local CONTROL = "8 bit raw control"
local AUDIO = "32 bit float mono audio"

local roles = { gateway = true, tones = true }

-- Whether a client of the ordinary socket of a system session has made the node: what it asks for
-- is not done beyond what any program may do there, which is to play into sinks and to record.
local function is_ordinary (source, node)
  local id = tonumber (node.properties ["client.id"])
  local client = id and source:call ("get-object-manager", "client"):lookup {
    Constraint { "bound-id", "=", id, type = "gobject" },
  }

  return client ~= nil and client.properties ["pipewire.access.effective"] == "partyline"
end

local function may_link (source, node, device, is_output)
  return not (is_output and device.properties ["media.class"] ~= "Audio/Sink") or
      not is_ordinary (source, node)
end

-- One port of what a sound card captures, which is there or comes again.
local function link_card (source, nodes, links, node, port, name)
  local device, number = name:match ("^(.+)/(%d+)$")
  local binding = utils.parse_device (device, number)
  local card = binding and utils.find_card (source, nodes, binding, true)

  local output = card and utils.ports_of (card, "out") [binding.port]

  if output then
    utils.ensure_link (links, card, output ["bound-id"], node, port ["bound-id"])
  end
end

local function link_port (source, nodes, links, node, port)
  local props = port.properties
  local card = props ["partyline.port.target"]:match ("^device:(.+)$")

  if card then
    if props ["port.direction"] == "in" then
      link_card (source, nodes, links, node, port, card)
    end
    return
  end
  local is_output = props ["port.direction"] == "out"
  local device = nodes:lookup {
    Constraint { "node.name", "=", props ["partyline.port.target"], type = "pw" },
  }

  if not device or not may_link (source, node, device, is_output) then
    return
  end
  local format = props ["format.dsp"] == CONTROL and CONTROL or AUDIO
  local peer = utils.ports_of (device, is_output and "in" or "out", format) [1]

  if not peer then
    return
  end
  if is_output then
    utils.ensure_link (links, node, port ["bound-id"], device, peer ["bound-id"])
  else
    utils.ensure_link (links, device, peer ["bound-id"], node, port ["bound-id"])
  end
end

utils.register_look ("partyline/link-gateway", { "linking/rescan", "partyline/link-devices" },
    function (source, nodes, links)
  for node in nodes:iterate {
    Constraint { "partyline.role", "+", type = "pw" },
  } do
    if roles [node.properties ["partyline.role"]] then
      for port in utils.iterate_ports (node, {
        Constraint { "partyline.port.target", "+", type = "pw" },
      }) do
        link_port (source, nodes, links, node, port)
      end
    end
  end
end)
