-- SPDX-License-Identifier: MIT
--
-- A stream that names no target does not end in the intercom, or at a sound card that is bound to
-- it, because nothing else is there.

local lutils = require ("linking-utils")
local utils = require ("partyline-utils")

SimpleEventHook {
  name = "partyline/keep-from-best-target",
  after = { "linking/find-best-target" },
  before = { "linking/get-filter-from-target", "linking/prepare-link" },
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-target" },
    },
  },
  execute = function (event)
    local _, _, si, _, si_flags, target = lutils:unwrap_select_target_event (event)

    if not target or si_flags.has_defined_target or
        Settings.get_boolean ("partyline.allow-default") then
      return
    end
    local node = target:get_associated_proxy ("node")

    if not utils.is_ours (event:get_source (), node.properties) then
      return
    end
    -- Chosen by the user as default: then it is what he wants.
    local default = lutils.findDefaultLinkable (si)

    if default and default.id == target.id then
      return
    end
    event:set_data ("target", nil)
  end
}:register ()
