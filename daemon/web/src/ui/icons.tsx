// SPDX-License-Identifier: MIT
// Line icons, 24 by 24, in the colour of their text.

import type { ReactNode } from "react";

function icon(path: ReactNode) {
  return function Icon() {
    return (
      <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round">
        {path}
      </svg>
    );
  };
}

export const PanelIcon = icon(<><rect x="3.5" y="3.5" width="7" height="7" rx="2" /><rect x="13.5" y="3.5" width="7" height="7" rx="2" /><rect x="3.5" y="13.5" width="7" height="7" rx="2" /><circle cx="17" cy="17" r="3.5" fill="currentColor" /></>);
export const StationsIcon = icon(<><circle cx="9" cy="8" r="3.2" /><path d="M3.5 19c.4-3.4 2.6-5 5.5-5s5.1 1.6 5.5 5M16 5.4a3 3 0 0 1 0 5.4M17.4 14.4c1.8.7 2.9 2.2 3.1 4.6" /></>);
export const MatrixIcon = icon(<><path d="M4 8h16M4 16h16M8 4v16M16 4v16" /><circle cx="8" cy="16" r="2.2" fill="currentColor" /><circle cx="16" cy="8" r="2.2" fill="currentColor" /></>);
export const MetersIcon = icon(<path d="M5 20V9M9.7 20V4M14.3 20v-8M19 20V6" strokeWidth="2.4" />);
export const GatewayIcon = icon(<><circle cx="12" cy="12" r="2.4" fill="currentColor" /><path d="M7.6 16.4a6.2 6.2 0 0 1 0-8.8M16.4 7.6a6.2 6.2 0 0 1 0 8.8M4.8 19.2a10.2 10.2 0 0 1 0-14.4M19.2 4.8a10.2 10.2 0 0 1 0 14.4" /></>);
export const SystemIcon = icon(<><rect x="3.5" y="4.5" width="17" height="6.5" rx="2" /><rect x="3.5" y="13" width="17" height="6.5" rx="2" /><path d="M7 7.75h.01M7 16.25h.01M11 7.75h6M11 16.25h6" /></>);
export const SettingsIcon = icon(<><path d="M4 7h9M19 7h1M4 17h1M11 17h9" /><circle cx="16" cy="7" r="2.6" /><circle cx="8" cy="17" r="2.6" /></>);
export const MoreIcon = icon(<><circle cx="5" cy="12" r="1.4" fill="currentColor" /><circle cx="12" cy="12" r="1.4" fill="currentColor" /><circle cx="19" cy="12" r="1.4" fill="currentColor" /></>);
export const MicIcon = icon(<><rect x="9" y="3" width="6" height="11" rx="3" /><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" /></>);
export const MicOffIcon = icon(<><path d="M15 10V6a3 3 0 0 0-5.7-1.3M9 9v2a3 3 0 0 0 4.6 2.5M5.5 11.5a6.5 6.5 0 0 0 10.3 5.3M18.5 11.5c0 .9-.2 1.8-.5 2.6M12 18v3M4 4l16 16" /></>);
export const EarIcon = icon(<><path d="M4 15v-3a8 8 0 0 1 16 0v3" /><rect x="3" y="14" width="4.5" height="6.5" rx="2" /><rect x="16.5" y="14" width="4.5" height="6.5" rx="2" /></>);
export const SpeakerIcon = icon(<><path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" /><path d="M15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11" /></>);
export const SpeakerOffIcon = icon(<><path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" /><path d="m16 9.5 5 5M21 9.5l-5 5" /></>);
export const LockIcon = icon(<><rect x="5.5" y="10.5" width="13" height="9.5" rx="2.5" /><path d="M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5" /></>);
