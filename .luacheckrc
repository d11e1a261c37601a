-- WirePlumber's globals; everything else is local.
std = "lua54"
max_line_length = 100
read_globals = {
  "Core", "Debug", "EventInterest", "Constraint", "Interest", "ObjectManager", "SimpleEventHook",
  "AsyncEventHook", "Log", "Link", "LocalModule", "ImplMetadata", "Metadata", "Pod", "Properties",
  "Settings", "Conf", "State", "WpSettings", "ProcUtils", "Plugin", "Session", "SessionItem",
  "GLib", "I18n", "JsonUtils", "Json", "EventDispatcher", "SiLink", "Feature", "Features", "Id", "Node",
  "Device", "Client", "SpaDevice", "ImplNode", "Script",
}
