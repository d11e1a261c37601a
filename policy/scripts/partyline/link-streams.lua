-- SPDX-License-Identifier: MIT
--
-- Link the streams whose target, chosen by WirePlumber as any other, is a device of Partyline.
--
-- The stream is given the device's format and converts to it; the device is not touched. The links
-- linger: a program plays on while WirePlumber restarts, and the next one finds its links here.

local cutils = require ("common-utils")
local lutils = require ("linking-utils")
local utils = require ("partyline-utils")
local log = Log.open_topic ("s-partyline")

-- Property of the links that are made here, to know them again after a restart.
local LINK_KEY = "partyline.link"
local LINK_STREAM = "stream"

local function is_device (item)
  local node = item:get_associated_proxy ("node")
  return node ~= nil and node.properties ["partyline.role"] ~= nil
end

-- The links made here, by this WirePlumber or one before.
local known_links = ObjectManager {
  Interest {
    type = "link",
    Constraint { LINK_KEY, "=", LINK_STREAM, type = "pw" },
  },
}
-- A stream must not be looked at before all of them are known: it would be taken for one without a
-- link, and be given a format, which cuts it.
local are_links_known = false

-- Nor before WirePlumber finds its own event source, which on a busy machine pushes events already:
-- until then its hooks that choose a target fail half way, and a wrong one is chosen.
local function is_ready ()
  return are_links_known and Plugin.find ("standard-event-source") ~= nil
end

local is_to_look_again = false

-- At all streams, after a round trip to the server.
local function look_again (source)
  if is_to_look_again then
    return
  end
  is_to_look_again = true
  Core.sync (function ()
    is_to_look_again = false
    source:call ("schedule-rescan", "linking")
  end)
end

-- Those of one node, and the node at the other end.
local function stream_links (node_id)
  local found, peer_id = {}, nil

  for link in known_links:iterate () do
    local props = link.properties
    local output_id = tonumber (props ["link.output.node"])
    local input_id = tonumber (props ["link.input.node"])

    if output_id == node_id or input_id == node_id then
      table.insert (found, link)
      peer_id = output_id == node_id and input_id or output_id
    end
  end
  return found, peer_id
end

-- What a device's ports carry: mono, each sample of the graph.
local function device_format ()
  local info = Core.get_info ()
  local rate = info and info ["properties"] and info ["properties"] ["default.clock.rate"]

  return Pod.Object {
    "Spa:Pod:Object:Param:Format", "Format",
    mediaType = "audio",
    mediaSubtype = "raw",
    format = "F32P",
    rate = math.tointeger (tonumber (rate)) or 48000,
    channels = 1,
    position = Pod.Array { "Spa:Enum:AudioChannel", "MONO" },
  }
end

local function find_port (node, direction)
  return utils.find_port (node, {
    Constraint { "port.direction", "=", direction },
    Constraint { "port.control", "!", "true" },
  })
end

local function make_link (output_node, input_node, done)
  local output = find_port (output_node, "out")
  local input = find_port (input_node, "in")

  if not output or not input then
    done ("one of the nodes has no ports")
    return
  end
  utils.make_link (output_node, output ["bound-id"], input_node, input ["bound-id"],
      { [LINK_KEY] = LINK_STREAM }, done)
end

-- A stream that was told how to keep its channels is linked as it is.
local function set_format (item, done)
  local props = item.properties

  if cutils.parseBool (props ["stream.dont-remix"]) or
      cutils.parseBool (props ["item.node.unpositioned"]) then
    done (nil)
    return
  end
  item:set_ports_format (device_format (), "dsp", function (_, failure)
    done (failure)
  end)
end

AsyncEventHook {
  name = "partyline/link-streams",
  after = "linking/prepare-link",
  before = "linking/link-target",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-target" },
    },
  },
  steps = {
    start = {
      next = "none",
      execute = function (event, transition)
        local _, _, item, props, flags, target = lutils:unwrap_select_target_event (event)

        if not target or not is_device (target) then
          transition:advance ()
          return
        end
        local stream = item:get_associated_proxy ("node")
        local device = target:get_associated_proxy ("node")
        local links, peer_id = stream_links (stream ["bound-id"])

        event:set_data ("target", nil) -- not for linking/link-target
        flags.was_handled = true
        flags.peer_id = target.id
        if #links > 0 and peer_id == device ["bound-id"] then
          log:info (item, "is linked since before")
          transition:advance ()
          return
        end
        local function finish (failure)
          if failure then
            flags.peer_id = nil
            lutils.sendClientError (event, stream, -32, failure)
            transition:return_error ("cannot link " .. tostring (props ["node.name"]) .. " to "
                .. tostring (device.properties ["node.name"]) .. ": " .. failure)
          else
            transition:advance ()
          end
        end
        set_format (item, function (failure)
          if failure then
            finish (tostring (failure))
          elseif props ["item.node.direction"] == "output" then
            make_link (stream, device, finish)
          else
            make_link (device, stream, finish)
          end
        end)
      end,
    },
  },
}:register ()

SimpleEventHook {
  name = "partyline/unlink-streams",
  after = { "linking/get-filter-from-target", "partyline/keep-from-best-target" },
  before = "linking/prepare-link",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-target" },
    },
  },
  execute = function (event)
    if not is_ready () then
      event:stop_processing ()
      look_again (event:get_source ())
      return
    end
    local _, _, item, props, flags, target = lutils:unwrap_select_target_event (event)
    local stream = item:get_associated_proxy ("node")
    local links, peer_id = stream_links (stream ["bound-id"])

    if #links == 0 or (target and target.id == flags.peer_id) then
      return
    end
    if flags.peer_id == nil then
      -- Linked by a WirePlumber before this one, which may not know the device yet.
      local node = target and target:get_associated_proxy ("node")

      if not target then
        event:stop_processing ()
      end
      if not target or node ["bound-id"] == peer_id then
        return
      end
    elseif cutils.parseBool (props ["node.dont-reconnect"]) then
      event:stop_processing ()
      return
    end
    for _, link in ipairs (links) do
      utils.remove_link (link)
    end
    flags.peer_id = nil
    log:info (item, "moves to a new target")
  end
}:register ()

known_links:connect ("installed", function ()
  are_links_known = true
end)
known_links:activate ()
