-- SPDX-License-Identifier: MIT
--
-- Make the session items of Partyline's devices, instead of WirePlumber's own hook: that one
-- suspends each device as it comes up, to configure its ports, and so cuts what runs through it
-- whenever WirePlumber restarts. Our devices have their ports from birth
-- (pipewire-module/port-config.h); the item only makes them known as targets, and touches nothing.
-- A sound card of the module's gets none: it is nobody's target.
--
-- Streams are linked by link-streams.lua, because WirePlumber's own links ask an item for a format
-- and would have it configured after all.

local cutils = require ("common-utils")
local log = Log.open_topic ("s-partyline")

local items = {} -- by node.id

local function item_properties (node)
  local props = node.properties
  local media_class = props ["media.class"]

  props ["media.type"] = props ["media.type"] or "Audio"
  props ["node.id"] = node ["bound-id"]
  props ["item.node"] = node
  props ["item.node.direction"] = cutils.mediaClassToDirection (media_class)
  props ["item.node.type"] = "device"
  props ["item.plugged.usec"] = GLib.get_monotonic_time ()
  props ["item.features.no-format"] = true
  props ["item.features.no-dsp"] = false
  props ["item.features.monitor"] = true
  props ["item.features.control-port"] = false
  return props
end

AsyncEventHook {
  name = "partyline/own-items",
  -- Those that come before see the device as any other: stored volumes are restored.
  after = { "node/restore-stream", "node/dsp/create-dsp-node" },
  before = "node/create-item",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "node-added" },
      Constraint { "media.class", "#", "Audio/*", type = "pw-global" },
      Constraint { "partyline.role", "+", type = "pw" },
      Constraint { "wireplumber.is-virtual", "-", type = "pw" },
    },
  },
  steps = {
    start = {
      next = "register",
      execute = function (event, transition)
        local node = event:get_subject ()
        local item = SessionItem ("si-audio-adapter")

        items [node.id] = item
        if not item:configure (item_properties (node)) then
          transition:return_error ("cannot configure an item for "
              .. tostring (node.properties ["node.name"]))
          return
        end
        item:activate (Features.ALL, function (_, failure)
          if failure then
            transition:return_error ("cannot activate the item of "
                .. tostring (node.properties ["node.name"]) .. ": " .. tostring (failure))
          else
            transition:advance ()
          end
        end)
      end,
    },
    register = {
      next = "none",
      execute = function (event, transition)
        local node = event:get_subject ()

        if items [node.id] then
          items [node.id]:register ()
        end
        log:debug (node, "has an item that leaves it as it is")
        -- WirePlumber's own hook is next.
        event:stop_processing ()
        transition:advance ()
      end,
    },
  },
}:register ()

SimpleEventHook {
  name = "partyline/own-items-removed",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "node-removed" },
      Constraint { "media.class", "#", "Audio/*", type = "pw-global" },
      Constraint { "partyline.role", "+", type = "pw" },
      Constraint { "wireplumber.is-virtual", "-", type = "pw" },
    },
  },
  execute = function (event)
    local id = event:get_subject ().id

    if items [id] then
      items [id]:remove ()
      items [id] = nil
    end
  end
}:register ()
