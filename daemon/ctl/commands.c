/* SPDX-License-Identifier: MIT */
#include "definition.h"

#include <stdlib.h>
#include <string.h>

/** The command table: help, completion, parsing and dispatch all read it. Sorted by name. */
const struct ctl_command ctl_commands[] = {
	{
		.name = "bind",
		.arguments = "channel|tablet ID capture|playback [DEVICE]",
		.summary = "show or set the sound card of a channel or tablet",
		.description =
			"capture   the card's input goes into the channel, or is what the tablet says\n"
			"playback  the channel, or what the tablet hears, goes to the card's output\n"
			"\n"
			"DEVICE is card:ID, path:BUSPATH or serial:SERIAL, with \",N\" for PCM device N;\n"
			"\"partylinectl devices\" lists those that are there. The link comes and goes with\n"
			"the card; one that is not there now may be bound as well. Without --port all ports\n"
			"are meant: captured ones are summed with equal gain.\n"
			"\n"
			"  partylinectl bind channel 3 capture card:Loopback,0\n"
			"  partylinectl bind tablet 1 playback card:Loopback --port 2\n",
		.words = {"channel tablet", "@tablets", "capture playback", "@devices"},
		.n_arguments_min = 3,
		.n_arguments_max = 4,
		.options = CTL_OPTION_PORT,
		.run = ctl_run_bind,
	},
	{
		.name = "busy-refusal",
		.arguments = "[on|off]",
		.summary = "show or set whether a busy channel refuses a talk key",
		.description =
			"With \"on\" a channel on which a tablet holds the talk key refuses the key of\n"
			"another tablet. Default: off, any number may hold one channel.\n",
		.words = {"on off"},
		.n_arguments_max = 1,
		.run = ctl_run_busy_refusal,
	},
	{
		.name = "certificate",
		.arguments = "[ca]",
		.summary = "show the HTTPS certificate, and how to trust it",
		.description =
			"Names, fingerprint and end of the certificate that HTTPS clients see. With \"ca\"\n"
			"the certificate of the local CA that signed it, as PEM, for the devices that are\n"
			"to trust it:\n"
			"\n"
			"  partylinectl certificate ca > partyline-ca.crt\n",
		.words = {"ca"},
		.n_arguments_max = 1,
		.run = ctl_run_certificate,
	},
	{
		.name = "channels",
		.arguments = "",
		.summary = "list the channels: names, mutes, levels, who talks",
		.description = "",
		.options = CTL_OPTION_IDS,
		.run = ctl_run_channels,
	},
	{
		.name = "claims",
		.arguments = "[release TABLET]",
		.summary = "list who sits at which tablet in a browser, or free a tablet",
		.description =
			"A browser that is a tablet claims one, and holds its talk keys for as long as it is\n"
			"heard. \"away\": it is not, and the tablet is kept for it 10 s. With \"release\" the\n"
			"tablet is taken away from it, whoever it is, and its keys are released. With --json an\n"
			"array of {\"tablet\", \"label\", \"peer\", \"present\", \"since\"}.\n",
		.words = {"release", "@tablets"},
		.n_arguments_max = 2,
		.run = ctl_run_claims,
	},
	{
		.name = "crosspoint",
		.arguments = "get|set DIRECTION TABLET CHANNEL [GAIN_DB|off]",
		.summary = "show or set one gain of the matrix",
		.description =
			"DIRECTION is \"uplink\" (what the tablet gives to the channel) or \"downlink\"\n"
			"(what the channel gives to the tablet). GAIN_DB is at most +20; \"off\", or -240\n"
			"and below, is silence. The change ramps and never clicks.\n"
			"\n"
			"  partylinectl crosspoint set uplink 1 2 -6\n"
			"  partylinectl crosspoint get downlink 3 1\n",
		.words = {"get set", "uplink downlink", "@tablets", "@channels", "off"},
		.n_arguments_min = 4,
		.n_arguments_max = 5,
		.run = ctl_run_crosspoint,
	},
	{
		.name = "devices",
		.arguments = "",
		.summary = "list the sound cards and what is bound to them",
		.description =
			"Those that are there, then those that are bound and missing. Any of a card's names\n"
			"is good for \"bind\"; --ids prints the names only. RATE is known while it is open.\n"
			"With --watch the list comes again whenever a card comes, goes, starts, stops or is\n"
			"bound; with --json one document a line.\n",
		.options = CTL_OPTION_IDS | CTL_OPTION_WATCH,
		.run = ctl_run_devices,
	},
	{
		.name = "discover",
		.arguments = "",
		.summary = "list the other Partylines in the network",
		.description =
			"Asks avahi-daemon of this machine; no Partyline need run here. Waits until every\n"
			"answer is there or --timeout is over, whichever is first. With --json an array of\n"
			"{\"name\", \"host\", \"address\", \"addresses\", \"port\", \"url\", \"tls\", \"version\",\n"
			"\"channels\", \"tablets\", \"id\", \"is_local\"}; what one does not tell is null.\n"
			"Ends with 3 when avahi-daemon is not there.\n",
		.options = CTL_OPTION_ALL | CTL_OPTION_TIMEOUT,
		.is_busless = true,
		.run = ctl_run_discover,
	},
	{
		.name = "export",
		.arguments = "",
		.summary = "tell how MQTT, S3 and the clips' disk are",
		.description = "What waits, what was sent, and what is wrong.\n",
		.run = ctl_run_export,
	},
	{
		.name = "gateway",
		.arguments = "",
		.summary = "show device, streams, GPIO lines and pages of each channel",
		.description =
			"One table: every channel, and the tablets that have something. It fits the terminal;\n"
			"elsewhere each has a line. \"stream list\", \"page list\" and \"gpio\" tell more of\n"
			"each. With --json: [{\"endpoint\", \"name\", \"capture\", \"playback\", \"streams\",\n"
			"\"lines\", \"pages\"}].\n",
		.run = ctl_run_gateway,
	},
	{
		.name = "gpio",
		.arguments = "[list|find|watch]",
		.summary = "list the GPIO lines and how they are, or those of this machine",
		.description =
			"list         what is defined (default). missing: no chip has it. busy: another program\n"
			"             has it. stuck: a key that was down for longer than its time-out\n"
			"find [WORD]  the lines that this machine has, or those where the chip, its label, the\n"
			"             line's name or who uses it contains WORD; a number: the lines of that\n"
			"             number. For root and the group of the chips; changes nothing\n"
			"watch        the list, then a line for each change: which key is this button?\n"
			"\n"
			"Lines are defined in the configuration file, by chip and name or number: see\n"
			"gateway.gpio in partyline.json(5). The profile rpi-echostream is four talk keys.\n",
		.words = {"list find watch"},
		.n_arguments_max = 2,
		.is_busless = true,
		.run = ctl_run_gpio,
	},
	{
		.name = "headroom",
		.arguments = "[DB]",
		.summary = "show or set the headroom, 0..60 dB",
		.description =
			"The gains of a destination are scaled down together when their sum exceeds\n"
			"10^(-DB/20). Default: 12, or headroom_db of the configuration.\n",
		.n_arguments_max = 1,
		.run = ctl_run_headroom,
	},
	{
		.name = "health",
		.arguments = "",
		.summary = "print the health document of HTTP's GET /health",
		.description = "",
		.run = ctl_run_health,
	},
	{
		.name = "history",
		.arguments = "",
		.summary = "list the edges of the talk keys, oldest first",
		.description = "The last 1000 are kept. Repeats are not among them.\n",
		.options = CTL_OPTION_LIMIT,
		.run = ctl_run_history,
	},
	{
		.name = "import",
		.arguments = "echostream FILE [URL]",
		.summary = "make a gateway of another system's configuration",
		.description =
			"Reads EchoStream's ~/.an/config.json and prints \"gateway\" for partyline.json;\n"
			"with --write FILE it is put into that configuration file, which must have no other.\n"
			"Without --write nothing is changed.\n"
			"URL is the server's, wss://HOST/ws/: EchoStream's file does not have it, and without\n"
			"it there are no streams. What is left out, and what to do besides, goes to stderr.\n"
			"No key is in EchoStream's file either: see echostream.key in partyline.json(5).\n"
			"\n"
			"  partylinectl import echostream ~/.an/config.json wss://audio.example.com/ws/\n",
		.words = {"echostream"},
		.n_arguments_min = 2,
		.n_arguments_max = 3,
		.options = CTL_OPTION_WRITE,
		.is_busless = true,
		.run = ctl_run_import,
	},
	{
		.name = "key",
		.arguments = "press|release|toggle TABLET CHANNEL",
		.summary = "press, release or toggle a talk key",
		.description =
			"A pressed key stays down until it is released, by whatever face, or until the\n"
			"talk time-out. Whether it gates the talk depends on the tablet's mode.\n",
		.words = {"press release toggle", "@tablets", "@channels"},
		.n_arguments_min = 3,
		.n_arguments_max = 3,
		.options = CTL_OPTION_PRIORITY,
		.run = ctl_run_key,
	},
	{
		.name = "levels",
		.arguments = "",
		.summary = "print the VU of every tablet and channel once",
		.description =
			"dBFS, smoothed RMS before the limiters: of a tablet its listen mix, of a channel\n"
			"its party line; the same as HTTP's vu_db. See also: meters.\n",
		.run = ctl_run_levels,
	},
	{
		.name = "listeners",
		.arguments = "[end ID]",
		.summary = "list the browsers that listen or talk, or end one's session",
		.description =
			"What each hears, or the tablet it talks into, and how well its connection is. With\n"
			"\"end\" a session is ended; the page may begin another. With --ids the ids alone, with\n"
			"--json the document of HTTP's GET /api/listeners.\n",
		.words = {"end", "@listeners"},
		.options = CTL_OPTION_IDS,
		.n_arguments_max = 2,
		.run = ctl_run_listeners,
	},
	{
		.name = "log",
		.arguments = "",
		.summary = "print what the daemon said, and what it says",
		.description =
			"The newest 50 records since its start, or --lines; 1000 are kept. --level is \"debug\",\n"
			"\"info\", \"warning\" or \"error\", --event one event or the area of many. With --follow\n"
			"it goes on until Ctrl-C. With --json an array of {\"ts\", \"level\", \"service\",\n"
			"\"event_type\", \"message\", \"data\"[, \"error\"]}, with --follow one of them a line; a\n"
			"line {\"missed\": N} where more came than could be printed. For admins.\n"
			"\n"
			"  partylinectl log --level warning\n"
			"  partylinectl log --follow --lines 0 --event stream\n",
		.options = CTL_OPTION_LOG,
		.run = ctl_run_log,
	},
	{
		.name = "matrix",
		.arguments = "[uplink|downlink]",
		.summary = "print the gains of the whole matrix",
		.description = "With --json: {\"uplink\": {\"TABLET\": {\"CHANNEL\": gain_db}}, "
			       "\"downlink\": …}; -240 is off.\n",
		.words = {"uplink downlink"},
		.n_arguments_max = 1,
		.run = ctl_run_matrix,
	},
	{
		.name = "meters",
		.arguments = "",
		.summary = "show live meters: RMS, peak hold, keys, who talks",
		.description =
			"On a terminal: bars of -60..0 dBFS, RMS filled, held peak as a mark; q or Ctrl-C\n"
			"ends. \"key\" are the talk keys held, \"on\" the open gates. NO_COLOR is heeded.\n"
			"Elsewhere lines of text, with --json one document a line.\n",
		.options = CTL_OPTION_HZ | CTL_OPTION_ONCE,
		.run = ctl_run_meters,
	},
	{
		.name = "mode",
		.arguments = "TABLET [open|momentary|latch|vox]",
		.summary = "show or set when a tablet talks",
		.description = "  open       always; the key is state only (default)\n"
			       "  momentary  while the key is held\n"
			       "  latch      a press toggles: use \"key toggle\"\n"
			       "  vox        on all its channels while loud enough\n",
		.words = {"@tablets", "open momentary latch vox"},
		.n_arguments_min = 1,
		.n_arguments_max = 2,
		.run = ctl_run_mode,
	},
	{
		.name = "monitor",
		.arguments = "",
		.summary = "print every change as it comes, whoever made it",
		.description =
			"Ends with Ctrl-C. With --json one document a line: {\"ts\", \"event\"}, where event\n"
			"is watching, changed (object, id, property, value), key (tablet, channel, down),\n"
			"matrix (uplink, downlink: [tablet, channel, gain_db] each), config_reloaded, left\n"
			"or came.\n",
		.run = ctl_run_monitor,
	},
	{
		.name = "mute",
		.arguments = "channel|tablet|talk|listen ID",
		.summary = "mute a channel, a tablet, or one side of a tablet",
		.description = "  channel  silent at its output and to everyone who listens\n"
			       "  tablet   neither talks nor hears\n"
			       "  talk     the tablet does not talk\n"
			       "  listen   the tablet does not hear\n",
		.words = {"channel tablet talk listen", "@tablets"},
		.n_arguments_min = 2,
		.n_arguments_max = 2,
		.run = ctl_run_mute,
	},
	{
		.name = "name",
		.arguments = "channel|tablet ID [NAME]",
		.summary = "show or set what people call a channel or tablet",
		.description = "UTF-8, at most 63 bytes; \"\" brings the default back.\n",
		.words = {"channel tablet", "@tablets"},
		.n_arguments_min = 2,
		.n_arguments_max = 3,
		.run = ctl_run_name,
	},
	{
		.name = "page",
		.arguments = "list|add|remove|make|history|end|clips|remove-clip [ARGUMENT…]",
		.summary = "list, add or remove tone pages; what was heard",
		.description =
			"list                   what is listened for\n"
			"add ID SOURCE [NAME=VALUE…]\n"
			"                       SOURCE is channel.N (its outside input) or tablet.N (what it\n"
			"                       says); the names are those of partyline.json(5)\n"
			"remove ID              of one that was added; the others are in the configuration\n"
			"history                what was heard, newest first\n"
			"make MESSAGE_ID ID     a page of an unknown pair of the history\n"
			"end CHANNEL            end passthrough and recording now\n"
			"clips                  the clips that are on this machine, newest first\n"
			"remove-clip NAME       delete one; its page stays in the history\n"
			"\n"
			"  partylinectl page add crew-7 channel.1 a_hz=1000 a_length_s=1 b_hz=1500 \\\n"
			"    b_length_s=3 record_length_s=30 passthrough_channel=2\n"
			"  partylinectl page add gate channel.1 kind=dtmf digits=911\n",
		.words = {"list add remove make history end clips remove-clip", "@page list"},
		.n_arguments_min = 1,
		.n_arguments_max = CTL_ASSIGNMENTS_MAX + 1,
		.options = CTL_OPTION_IDS | CTL_OPTION_LIMIT,
		.is_busless = true,
		.run = ctl_run_page,
	},
	{
		.name = "party-line",
		.arguments = "[on|off]",
		.summary = "show or set whether listeners hear the other tablets",
		.description =
			"\"off\": a channel's listeners hear its outside input only. Default: on.\n",
		.words = {"on off"},
		.n_arguments_max = 1,
		.run = ctl_run_party_line,
	},
	{
		.name = "ramp",
		.arguments = "[MS]",
		.summary = "show or set the length of gain ramps, 1..1000 ms",
		.description = "Default: 5.\n",
		.n_arguments_max = 1,
		.run = ctl_run_ramp,
	},
	{
		.name = "release-all",
		.arguments = "[TABLET]",
		.summary = "release every talk key, of one tablet or of all",
		.description = "",
		.words = {"@tablets"},
		.n_arguments_max = 1,
		.run = ctl_run_release_all,
	},
	{
		.name = "reload",
		.arguments = "",
		.summary = "read the configuration file again",
		.description =
			"What can change while running takes effect (headroom_db, the log's level …). A\n"
			"file with a mistake is refused as a whole and the place is named.\n",
		.run = ctl_run_reload,
	},
	{
		.name = "reset",
		.arguments = "",
		.summary = "forget every setting",
		.description =
			"Everyone hears everyone at -12 dB, nothing muted, no key held, every mode open,\n"
			"no names, no sound cards. Asks first unless --yes is given.\n",
		.options = CTL_OPTION_YES,
		.run = ctl_run_reset,
	},
	{
		.name = "sap",
		.arguments = "",
		.summary = "list the sessions that other machines announce by SAP",
		.description = "With --json each has its SDP.\n",
		.run = ctl_run_sap,
	},
	{
		.name = "sidetone",
		.arguments = "TABLET [DB|off]",
		.summary = "show or set a tablet's own voice in its own ears",
		.description = "At most 0 dB. Default: off.\n",
		.words = {"@tablets", "off"},
		.n_arguments_min = 1,
		.n_arguments_max = 2,
		.run = ctl_run_sidetone,
	},
	{
		.name = "state",
		.arguments = "",
		.summary = "print the state document of HTTP's GET /state",
		.description = "",
		.run = ctl_run_state,
	},
	{
		.name = "status",
		.arguments = "",
		.summary = "tell in plain words whether all is well, and what is not",
		.description =
			"Ends with 0 when all is well, with 5 when Partyline runs but something is wrong\n"
			"(each line with \"!\" says what, and what to do), with 6 when all works but somebody\n"
			"should look (lines with \"?\"), with 3 when it does not run: then systemd's units\n"
			"say why. Looked at: the units of an appliance, the connection to PipeWire, the\n"
			"graph, bound sound cards, streams, GPIO lines, MQTT, S3, real-time priority, the\n"
			"disk, the configuration file. After a start it gives the sound five seconds to begin.\n",
		.is_busless = true,
		.run = ctl_run_status,
	},
	{
		.name = "stream",
		.arguments = "list|show|add|remove|jitter|key|sdp [ARGUMENT…]",
		.summary = "list, add or remove network streams; print keys and SDP",
		.description =
			"list                   what there is and how it is\n"
			"show ID                all of one, with its statistics\n"
			"add ID ENDPOINT [NAME=VALUE…]\n"
			"                       ENDPOINT is channel.N or tablet.N; the names are those of\n"
			"                       partyline.json(5)\n"
			"remove ID              of one that was added; the others are in the configuration\n"
			"jitter ID [SAFETY]     how safe its buffer is: 0 quick, 1 safe; live\n"
			"key [CIPHER]           a fresh key for both ends: aes_256_gcm (default),\n"
			"                       aes_128_cm or echostream\n"
			"sdp ID                 its offer for the other end; with its key only for admins\n"
			"\n"
			"  key=$(partylinectl stream key)\n"
			"  partylinectl stream add mill channel.2 remote.host=192.0.2.7 remote.port=5004 \\\n"
			"    local.port=5004 srtp.key=\"$key\"\n",
		.words = {"list show add remove jitter key sdp", "@stream list"},
		.n_arguments_min = 1,
		.n_arguments_max = CTL_ASSIGNMENTS_MAX + 1,
		.options = CTL_OPTION_IDS,
		.is_busless = true,
		.run = ctl_run_stream,
	},
	{
		.name = "tablets",
		.arguments = "",
		.summary = "list the tablets: names, modes, mutes, keys",
		.description = "",
		.options = CTL_OPTION_IDS,
		.run = ctl_run_tablets,
	},
	{
		.name = "talk-timeout",
		.arguments = "[SECONDS|off]",
		.summary = "show or set when a held talk key is released, 0..3600 s",
		.description = "0 and \"off\" are the same: never. Default: off.\n",
		.words = {"off"},
		.n_arguments_max = 1,
		.run = ctl_run_talk_timeout,
	},
	{
		.name = "token",
		.arguments = "add|list|remove [NAME]",
		.summary = "make, list or remove tokens for callers from the network",
		.description =
			"A token is shown once, when it is made; only a digest of it is kept. Role \"view\"\n"
			"sees everything, \"operate\" also talks, mutes and mixes, \"admin\" may do all.\n"
			"Removing a token ends its sessions and streams. Programs send it in a header,\n"
			"Authorization: Bearer TOKEN; people paste it into the page's login.\n"
			"\n"
			"  partylinectl token add studio --role operate --expires 30d\n"
			"  partylinectl token remove studio\n",
		.words = {"add list remove"},
		.n_arguments_min = 1,
		.n_arguments_max = 2,
		.options = CTL_OPTION_ROLE | CTL_OPTION_EXPIRES,
		.run = ctl_run_token,
	},
	{
		.name = "unbind",
		.arguments = "channel|tablet ID capture|playback",
		.summary = "unplug a channel or tablet from its sound card",
		.description = "",
		.words = {"channel tablet", "@tablets", "capture playback"},
		.n_arguments_min = 3,
		.n_arguments_max = 3,
		.run = ctl_run_unbind,
	},
	{
		.name = "uniform",
		.arguments = "GAIN_DB|off",
		.summary = "set every gain of the matrix to one value",
		.description = "",
		.words = {"off"},
		.n_arguments_min = 1,
		.n_arguments_max = 1,
		.run = ctl_run_uniform,
	},
	{
		.name = "unmute",
		.arguments = "channel|tablet|talk|listen ID",
		.summary = "undo mute",
		.description = "",
		.words = {"channel tablet talk listen", "@tablets"},
		.n_arguments_min = 2,
		.n_arguments_max = 2,
		.run = ctl_run_unmute,
	},
	{
		.name = "version",
		.arguments = "",
		.summary = "print the versions of the daemon and of this program",
		.description = "The version of this program alone: partylinectl --version\n",
		.run = ctl_run_version,
	},
	{
		.name = "vox",
		.arguments = "[THRESHOLD_DB [HANG_MS]]",
		.summary = "show or set when mode vox opens and how long it hangs",
		.description =
			"THRESHOLD_DB: peak level, -80..0 dBFS, default -40. HANG_MS: 0..10000, default\n"
			"300.\n",
		.n_arguments_max = 2,
		.run = ctl_run_vox,
	},
};

const size_t ctl_n_commands = sizeof(ctl_commands) / sizeof(ctl_commands[0]);

/** Sorted by name. */
const struct ctl_option_info ctl_options[] = {
	{"--all", 'a', NULL, "also those of this machine", CTL_OPTION_ALL},
	{"--event", 'e', "EVENT", "only this event, or this area: name.updated, stream",
	 CTL_OPTION_LOG},
	{"--expires", 0, "WHEN", "90m, 12h, 30d, 8w, 1y, a day as 2027-01-31, or never (default)",
	 CTL_OPTION_EXPIRES},
	{"--follow", 'f', NULL, "go on with what comes, until Ctrl-C", CTL_OPTION_LOG},
	{"--help", 'h', NULL, "explain the command and end", 0},
	{"--hz", 0, "N", "pictures a second, up to 60 (terminal 20, --json 10, text 1)",
	 CTL_OPTION_HZ},
	{"--ids", 0, NULL, "print the ids only", CTL_OPTION_IDS},
	{"--json", 'j', NULL, "print JSON", 0},
	{"--level", 'l', "LEVEL", "this and what is graver: debug, info, warning, error",
	 CTL_OPTION_LOG},
	{"--limit", 'n', "N", "the newest N only", CTL_OPTION_LIMIT},
	{"--lines", 0, "N", "so many of the past, 0..1000", CTL_OPTION_LOG},
	{"--once", '1', NULL, "one picture as text, then end", CTL_OPTION_ONCE},
	{"--port", 0, "N", "that port of the card only", CTL_OPTION_PORT},
	{"--priority", 'p', "N", "written to the history, default 1", CTL_OPTION_PRIORITY},
	{"--role", 0, "ROLE", "view, operate or admin", CTL_OPTION_ROLE},
	{"--session", 0, NULL, "ask on the session bus", 0},
	{"--system", 0, NULL, "ask on the system bus", 0},
	{"--timeout", 't', "SECONDS", "wait at most so long, 0.1..60, default 5",
	 CTL_OPTION_TIMEOUT},
	{"--version", 'V', NULL, "print the version of partylinectl and end", 0},
	{"--watch", 'w', NULL, "go on: again at every change, until Ctrl-C", CTL_OPTION_WATCH},
	{"--write", 0, "FILE", "put it into that configuration file", CTL_OPTION_WRITE},
	{"--yes", 'y', NULL, "do not ask", CTL_OPTION_YES},
};

const size_t ctl_n_options = sizeof(ctl_options) / sizeof(ctl_options[0]);

static int compare(const void *name, const void *command)
{
	return strcmp(name, ((const struct ctl_command *)command)->name);
}

const struct ctl_command *ctl_command_find(const char *name)
{
	return bsearch(name, ctl_commands, ctl_n_commands, sizeof(ctl_commands[0]), compare);
}
