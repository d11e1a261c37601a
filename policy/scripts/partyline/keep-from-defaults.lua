-- SPDX-License-Identifier: MIT
--
-- Take the devices of Partyline and the sound cards bound to them off the list of those that may
-- become the default sink or source by themselves, even when there are no others. What a user has
-- chosen is decided before and stays.

local utils = require ("partyline-utils")

SimpleEventHook {
  name = "partyline/keep-from-defaults",
  after = { "default-nodes/find-selected-default-node",
            "default-nodes/find-stored-default-node" },
  before = "default-nodes/find-best-default-node",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-default-node" },
    },
  },
  execute = function (event)
    local available = event:get_data ("available-nodes")

    if not available or Settings.get_boolean ("partyline.allow-default") then
      return
    end
    local kept = {}

    for _, props in ipairs (available:parse ()) do
      if not utils.is_ours (event:get_source (), props) then
        table.insert (kept, Json.Object (props))
      end
    end
    event:set_data ("available-nodes", Json.Array (kept))
  end
}:register ()
