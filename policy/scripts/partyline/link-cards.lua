-- SPDX-License-Identifier: MIT
--
-- Link the sound cards that channels and tablets are bound to, as the metadata object `partyline`
-- says. Runs whenever links are looked over: a card that is plugged in again gets its links again,
-- and links of a binding that is gone are taken away. Links of others are not touched.

local utils = require ("partyline-utils")

local log = Log.open_topic ("s-partyline")

-- kind and way of a binding -> node of the endpoint, after "partyline.", and whether the audio
-- comes from the card
local endpoints = {
  ["channel.capture"] = { format = "channel.%d", from_card = true },
  ["channel.playback"] = { format = "channel.%d.out", from_card = false },
  ["tablet.capture"] = { format = "tablet.%d", from_card = true },
  ["tablet.playback"] = { format = "tablet.%d.listen", from_card = false },
}

-- Each pair of ports that a binding wants linked is handed to want (output node, output port id,
-- input node, input port id).
local function wanted_links (source, nodes, binding, want)
  local endpoint = endpoints [binding.kind .. "." .. binding.way]
  local node = endpoint and nodes:lookup {
    Constraint { "node.name", "=", "partyline." .. string.format (endpoint.format, binding.id),
        type = "pw" },
  }
  local card = node and utils.find_card (source, nodes, binding, endpoint.from_card)

  if not card then
    return
  end
  local own = utils.ports_of (node, endpoint.from_card and "in" or "out") [1]

  if not own then
    return
  end
  for number, port in ipairs (utils.ports_of (card, endpoint.from_card and "out" or "in")) do
    if binding.port == 0 or binding.port == number then
      if endpoint.from_card then
        want (card, port ["bound-id"], node, own ["bound-id"])
      else
        want (node, own ["bound-id"], card, port ["bound-id"])
      end
    end
  end
end

utils.register_look ("partyline/link-cards", { "linking/rescan", "partyline/link-devices" },
    function (source, nodes, links)
  local wanted = {}

  for key, binding in pairs (utils.bindings (source)) do
    wanted_links (source, nodes, binding, function (output_node, output_id, input_node, input_id)
      wanted [string.format ("%d:%d", output_id, input_id)] = true
      if utils.ensure_link (links, output_node, output_id, input_node, input_id,
          { ["partyline.binding"] = key }) then
        log:info (string.format ("%s: %s", key, tostring (binding.name)))
      end
    end)
  end
  for link in links:iterate {
    Constraint { "partyline.binding", "+", type = "pw" },
  } do
    local props = link.properties
    local pair = string.format ("%s:%s", props ["link.output.port"], props ["link.input.port"])

    if not wanted [pair] then
      utils.remove_link (link)
    end
  end
end)
