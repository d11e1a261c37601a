/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_KEYS_H
#define PARTYLINE_KEYS_H

/**
 * The contract between plugin, module, daemon, policy and configuration:
 * limits, factory names, node names, property keys and the matrix's parameters.
 * Lua, conf and web use the same words; a check compares them with this file.
 *
 * Ids of tablets and channels count from 1 everywhere outside C arrays.
 */

#define PL_TABLETS_MAX 64u
#define PL_CHANNELS_MAX 64u
#define PL_TABLETS_DEFAULT 16u
#define PL_CHANNELS_DEFAULT 4u

/* --- SPA factories --------------------------------------------------- */

/** library.name of all our factories, below SPA_PLUGIN_DIR */
#define PL_SPA_LIBRARY "partyline/libspa-partyline"
#define PL_FACTORY_MATRIX "partyline.matrix"
#define PL_FACTORY_GATE "partyline.gate"
#define PL_FACTORY_METER "partyline.meter"
#define PL_FACTORY_TONE "partyline.tone"

/* --- Nodes ------------------------------------------------------------ */

#define PL_NODE_MATRIX "partyline.matrix"
/** talk side of tablet %u: Audio/Sink, an application plays into it */
#define PL_NODE_TABLET_FMT "partyline.tablet.%u"
/** listen side of tablet %u: Audio/Source/Virtual */
#define PL_NODE_TABLET_LISTEN_FMT "partyline.tablet.%u.listen"
/** outside input of channel %u: Audio/Sink */
#define PL_NODE_CHANNEL_FMT "partyline.channel.%u"
/** outside output of channel %u: Audio/Source/Virtual */
#define PL_NODE_CHANNEL_OUT_FMT "partyline.channel.%u.out"

/** node.group of all of the above: one driver, one cycle */
#define PL_NODE_GROUP "partyline"

/* Ports of the matrix node; %u counts from 1. Port ids: inputs are the tablets
 * 0..N-1, the channels N..N+M-1, then the control port N+M; outputs likewise
 * without a control port. */
#define PL_PORT_TABLET_TALK_FMT "tablet_%u_talk"
#define PL_PORT_CHANNEL_IN_FMT "channel_%u_in"
#define PL_PORT_TABLET_LISTEN_FMT "tablet_%u_listen"
#define PL_PORT_CHANNEL_OUT_FMT "channel_%u_out"
#define PL_PORT_CONTROL "control"

/** the timer that drives the group when the module owns the sound cards */
#define PL_NODE_DRIVER "partyline.driver"
/** a sound card that the module owns: Audio/Source, Audio/Sink; ALSA's card id and PCM device */
#define PL_NODE_CARD_CAPTURE_FMT "alsa_input.partyline.%s.%u"
#define PL_NODE_CARD_PLAYBACK_FMT "alsa_output.partyline.%s.%u"

/** the daemon's own nodes, each there while it has ports: a port for each network stream, clip and
 * passthrough. What goes out of the graph, what comes into it, and what passes through are apart,
 * because a node with all of them would close circles, and PipeWire delays the link that does by a
 * cycle */
#define PL_NODE_GATEWAY "partyline.gateway"
#define PL_NODE_GATEWAY_PLAYBACK "partyline.gateway.playback"
#define PL_NODE_GATEWAY_BRIDGE "partyline.gateway.bridge"
/** listens for tones: PL_FACTORY_TONE in the server, made by the daemon while pages are defined */
#define PL_NODE_TONES "partyline.tones"

/* --- Node properties -------------------------------------------------- */

/** role of a Partyline node: one of the PL_ROLE_ words */
#define PL_KEY_ROLE "partyline.role"
#define PL_ROLE_MATRIX "matrix"
#define PL_ROLE_TABLET_TALK "tablet.talk"
#define PL_ROLE_TABLET_LISTEN "tablet.listen"
#define PL_ROLE_CHANNEL_IN "channel.in"
#define PL_ROLE_CHANNEL_OUT "channel.out"
#define PL_ROLE_CARD "card"
#define PL_ROLE_GATEWAY "gateway"
#define PL_ROLE_TONES "tones"
/** id of the tablet or channel, decimal, from 1 */
#define PL_KEY_ID "partyline.id"
/** size of the matrix, decimal; on the matrix node */
#define PL_KEY_TABLETS "partyline.tablets"
#define PL_KEY_CHANNELS "partyline.channels"
/** on a port of the gateway or tones node: node.name of the device that the policy links it to. An
 * input takes the device's output (a sink's monitor), an output goes into its input */
#define PL_KEY_PORT_TARGET "partyline.port.target"
/** such a target, of an input: what a sound card captures, named as in a binding (below), with a
 * slash and the port behind it, decimal, from 1. "device:card:USB,0/2" */
#define PL_TARGET_DEVICE "device:"
/** path of the Unix socket that hands out the meter page; on the matrix node */
#define PL_KEY_METERS_SOCKET "partyline.meters.socket"

/* --- Sound cards ------------------------------------------------------
 * Which sound card a channel or tablet is bound to is written by the daemon into a metadata object
 * of the server's module; the policy reads it and links. Subject 0, type PL_BINDING_TYPE, value
 * {"device":NAME,"port":PORT}; no key, no binding.
 *
 * A device is named by what stays the same when it is plugged in again, without or with the number
 * of its PCM device behind a comma (0 when it is left out):
 *   card:ID[,DEV]        ALSA's card id: node property api.alsa.card.id; else ID of an object.path
 *                        "alsa:acp:ID:…"; else alsa.id
 *   path:BUSPATH[,DEV]   device.bus-path (udev's ID_PATH)
 *   serial:SERIAL[,DEV]  device.serial (udev's ID_SERIAL)
 * DEV is api.alsa.pcm.device, else alsa.device, else 0. What the node does not say is looked up in
 * the device that its device.id names. */

/** metadata.name */
#define PL_METADATA "partyline"
#define PL_BINDING_TYPE "Spa:String:JSON"
/** capture: from the card's capture ports into the channel's sink, into the tablet's talk side */
#define PL_KEY_CHANNEL_CAPTURE_FMT "partyline.channel.%u.capture"
#define PL_KEY_TABLET_CAPTURE_FMT "partyline.tablet.%u.capture"
/** playback: from the channel's source, from the tablet's listen side to the card's playback ports */
#define PL_KEY_CHANNEL_PLAYBACK_FMT "partyline.channel.%u.playback"
#define PL_KEY_TABLET_PLAYBACK_FMT "partyline.tablet.%u.playback"
#define PL_BINDING_BY_CARD "card:"
#define PL_BINDING_BY_PATH "path:"
#define PL_BINDING_BY_SERIAL "serial:"
/** 0: all ports (captured ones are summed with equal gain), 1.. that one */
#define PL_BINDING_PORT_MAX 64u

/** on a link that the policy has made for a binding: its key */
#define PL_KEY_BINDING "partyline.binding"

/* --- Link properties --------------------------------------------------- */

/** who made a link: the word below; links of others have none */
#define PL_KEY_LINK "partyline.link"
/** the policy, between a stream and the device that is its target */
#define PL_LINK_STREAM "stream"

/* --- Settings of the WirePlumber policy (conf/wireplumber) ------------ */

/** Bool, default true: keep the devices linked to the matrix */
#define PL_SETTING_LINK_DEVICES "partyline.link-devices"
/** Bool, default false: the devices may become default sink or source by themselves, and streams
 * that name no target may be sent to them */
#define PL_SETTING_ALLOW_DEFAULT "partyline.allow-default"
/** Bool, default false: in a system session ordinary clients may link ports */
#define PL_SETTING_CLIENT_LINKS "partyline.client-links"

/* --- Matrix parameters ------------------------------------------------
 * Sent in SPA_PROP_params of SPA_PARAM_Props as key/value pairs. All pairs of
 * one message take effect together at a block boundary; before the node's first
 * cycle they hold at once, later they ramp. Bits above the matrix's size are out of
 * range, as are unknown names that begin with "partyline.". An array arrives as an
 * SPA Array or as a Struct of as many numbers; Float, Double, Int, Long and Bool
 * are converted. A value out of range or an array of a wrong size refuses the
 * whole message with -EINVAL and changes nothing. */

/** dB, 0..60, default 12: h = 10^(-headroom/20) */
#define PL_PARAM_HEADROOM_DB "partyline.headroom-db"
#define PL_HEADROOM_DB_MAX 60.0
#define PL_HEADROOM_DB_DEFAULT 12.0
/** linear gains, channels x tablets, [channel][tablet], 0..PL_GAIN_MAX, default 10^(-12/20) */
#define PL_PARAM_UPLINK "partyline.uplink"
/** linear gains, tablets x channels, [tablet][channel], 0..PL_GAIN_MAX, default 10^(-12/20) */
#define PL_PARAM_DOWNLINK "partyline.downlink"
/** +20 dB */
#define PL_GAIN_MAX 10.0
/** -12 dB, Mission Control's uniform routing */
#define PL_GAIN_DEFAULT 0.25118864315095801
/** talk keys: one Long per tablet, bit (channel - 1) */
#define PL_PARAM_KEYS "partyline.keys"
/** one Int per tablet: enum pl_talk_mode, default open */
#define PL_PARAM_MODES "partyline.modes"
/** one Long, bit (tablet - 1): neither talks nor hears */
#define PL_PARAM_TABLET_MUTE "partyline.tablet-mute"
/** one Long, bit (tablet - 1): does not talk */
#define PL_PARAM_TALK_MUTE "partyline.talk-mute"
/** one Long, bit (tablet - 1): does not hear */
#define PL_PARAM_LISTEN_MUTE "partyline.listen-mute"
/** one Long, bit (channel - 1): silent at its output and to listeners */
#define PL_PARAM_CHANNEL_MUTE "partyline.channel-mute"
/** linear, one Float per tablet, 0..1, default 0: own voice in the own listen mix */
#define PL_PARAM_SIDETONE "partyline.sidetone"
#define PL_SIDETONE_MAX 1.0
/** Bool, default true: listeners hear other tablets, not only the outside input */
#define PL_PARAM_PARTY_LINE "partyline.party-line"
/** ms, 1..1000, default 5: length of every ramp */
#define PL_PARAM_RAMP_MS "partyline.ramp-ms"
#define PL_RAMP_MS_MIN 1.0
#define PL_RAMP_MS_MAX 1000.0
#define PL_RAMP_MS_DEFAULT 5.0
/** dBFS peak, -80..0, default -40: level that opens a tablet in vox mode */
#define PL_PARAM_VOX_THRESHOLD_DB "partyline.vox-threshold-db"
#define PL_VOX_THRESHOLD_DB_MIN -80.0
#define PL_VOX_THRESHOLD_DB_MAX 0.0
#define PL_VOX_THRESHOLD_DB_DEFAULT -40.0
/** ms, 0..10000, default 300: how long vox stays open after the last sample above the threshold */
#define PL_PARAM_VOX_HANG_MS "partyline.vox-hang-ms"
#define PL_VOX_HANG_MS_MIN 0.0
#define PL_VOX_HANG_MS_MAX 10000.0
#define PL_VOX_HANG_MS_DEFAULT 300.0
/** Long, any; shown as `serial` in the meter page once the message has taken effect */
#define PL_PARAM_SERIAL "partyline.serial"

/* One element at a time, ids from 1; also on the control port (keys only there):
 * an SPA_CONTROL_Properties event with these acts on its sample. */
/** Float, linear: "partyline.uplink.<channel>.<tablet>" */
#define PL_PARAM_UPLINK_FMT "partyline.uplink.%u.%u"
/** Float, linear: "partyline.downlink.<tablet>.<channel>" */
#define PL_PARAM_DOWNLINK_FMT "partyline.downlink.%u.%u"
/** Bool: "partyline.key.<tablet>.<channel>" */
#define PL_PARAM_KEY_FMT "partyline.key.%u.%u"
/** Long, CLOCK_MONOTONIC in ns; Props only: when the keys that the same message moves one by one did
 * so. They act on the sample that the graph's clock gives this time, one quantum later, instead of at
 * the block boundary: the time between two edges is kept. Too late for it, or 0: at once. A newer
 * message about the same key without a time takes the place of what still waits. */
#define PL_PARAM_KEYS_NSEC "partyline.keys-nsec"

enum pl_talk_mode {
	PL_TALK_MODE_OPEN,      /**< always talks; the key is state only */
	PL_TALK_MODE_MOMENTARY, /**< talks while the key is held */
	PL_TALK_MODE_LATCH,     /**< a press toggles; for the matrix the same as momentary */
	PL_TALK_MODE_VOX,       /**< talks on all its channels while loud enough */
	PL_TALK_MODE_MAX_,
};

/* --- Gate parameters --------------------------------------------------
 * Node PL_FACTORY_GATE: ports PL_PORT_GATE_*; sent and refused as the matrix's. A change of
 * level ramps; a key on the control port acts on its sample. */
#define PL_PORT_GATE_IN "in"
#define PL_PORT_GATE_SIDECHAIN "sidechain"
#define PL_PORT_GATE_OUT "out"

/** String "ptt" (default), "vox" or "duck"; or Int: enum pl_gate_mode */
#define PL_PARAM_GATE_MODE "partyline.gate.mode"
/** Bool, default false; also on the control port. ptt: open. duck: dimmed. vox: no meaning */
#define PL_PARAM_GATE_KEY "partyline.gate.key"
/** dBFS peak, -80..0, default -40: level of the sidechain, in mode vox without one linked of the
 * signal itself, that opens (vox) or dims (duck) */
#define PL_PARAM_GATE_THRESHOLD_DB "partyline.gate.threshold-db"
#define PL_GATE_THRESHOLD_DB_MIN -80.0
#define PL_GATE_THRESHOLD_DB_MAX 0.0
#define PL_GATE_THRESHOLD_DB_DEFAULT -40.0
/** ms, 1..1000, default 5: raised cosine to open (ptt, vox) or to dim (duck) */
#define PL_PARAM_GATE_ATTACK_MS "partyline.gate.attack-ms"
/** ms, 1..1000, default 5: raised cosine back */
#define PL_PARAM_GATE_RELEASE_MS "partyline.gate.release-ms"
#define PL_GATE_RAMP_MS_MIN 1.0
#define PL_GATE_RAMP_MS_MAX 1000.0
#define PL_GATE_RAMP_MS_DEFAULT 5.0
/** ms, 0..10000, default 300: how long a level acts after its last sample at the threshold */
#define PL_PARAM_GATE_HOLD_MS "partyline.gate.hold-ms"
#define PL_GATE_HOLD_MS_MIN 0.0
#define PL_GATE_HOLD_MS_MAX 10000.0
#define PL_GATE_HOLD_MS_DEFAULT 300.0
/** dB, -80..0, default -20: gain while dimmed (duck); ptt and vox close to silence */
#define PL_PARAM_GATE_DEPTH_DB "partyline.gate.depth-db"
#define PL_GATE_DEPTH_DB_MIN -80.0
#define PL_GATE_DEPTH_DB_MAX 0.0
#define PL_GATE_DEPTH_DB_DEFAULT -20.0
/** Bool, read only: key or level acts now */
#define PL_PARAM_GATE_ACTIVE "partyline.gate.active"

enum pl_gate_mode {
	PL_GATE_MODE_PTT,  /**< silent but while the key is held */
	PL_GATE_MODE_VOX,  /**< silent but while loud enough */
	PL_GATE_MODE_DUCK, /**< dimmed while the sidechain is loud enough or the key is held */
	PL_GATE_MODE_MAX_,
};

/* --- Meter parameters -------------------------------------------------
 * Node PL_FACTORY_METER: passes n ports through bit by bit and measures them. The figures are
 * in the I/O area of meter-node.h and, as dBFS, in Props. */
/** ports, decimal, 1..64, default 1; property of the node */
#define PL_KEY_METER_PORTS "partyline.meter.ports"
#define PL_METER_PORTS_MAX 64u
#define PL_PORT_METER_IN_FMT "in_%u"
#define PL_PORT_METER_OUT_FMT "out_%u"
/** Bool, default false: true peak too (ITU-R BS.1770-4 annex 2); it costs the most */
#define PL_PARAM_METER_TRUE_PEAK "partyline.meter.true-peak"
/** Long, 0..2^53, default 0; another value than before empties the holds and maxima */
#define PL_PARAM_METER_RESET "partyline.meter.reset"
/* Read only, one Float a port, dBFS (full-scale sine -3.01 RMS, 0 peak), silence -240. */
#define PL_PARAM_METER_RMS_DB "partyline.meter.rms-db"
#define PL_PARAM_METER_PEAK_DB "partyline.meter.peak-db"
#define PL_PARAM_METER_PEAK_HOLD_DB "partyline.meter.peak-hold-db"
#define PL_PARAM_METER_TRUE_PEAK_DB "partyline.meter.true-peak-db"
#define PL_PARAM_METER_TRUE_PEAK_MAX_DB "partyline.meter.true-peak-max-db"

/* --- Tone parameters --------------------------------------------------
 * Node PL_FACTORY_TONE: passes n ports through bit by bit, listens on each for DTMF and pages and
 * says what it heard on the control output PL_PORT_TONE_EVENTS (partyline/tones.h). All pairs of
 * one message take effect together; what is missing in it stays. A port whose definitions are the
 * same as before goes on listening where it was. */
/** ports, decimal, 1..64, default 1; property of the node */
#define PL_KEY_TONE_PORTS "partyline.tone.ports"
#define PL_TONE_PORTS_MAX 64u
/** node.name of the device that each input is linked to (PL_KEY_PORT_TARGET), one a port, with
 * spaces between; property of the node, may be missing */
#define PL_KEY_TONE_TARGETS "partyline.tone.targets"
#define PL_PORT_TONE_IN_FMT "in_%u"
#define PL_PORT_TONE_OUT_FMT "out_%u"
#define PL_PORT_TONE_EVENTS "events"
/** Long, default 0, bit (port - 1): report digits */
#define PL_PARAM_TONE_DTMF "partyline.tone.dtmf"
/** Doubles, PL_TONE_PAGE_FIELDS a page: port from 1, id (1..2^32-1), a_hz, b_hz
 * (200..3500; b_hz 0: a single long tone), a_length_s, b_length_s (0.2..20), a_tolerance_hz,
 * b_tolerance_hz (above 0, up to a tenth of the frequency); of a long tone the fields of b are 0;
 * at most PL_TONE_PAGES_MAX, default none */
#define PL_PARAM_TONE_PAGES "partyline.tone.pages"
#define PL_TONE_PAGE_FIELDS 8u
#define PL_TONE_PAGES_MAX 1024u
/** Doubles, PL_TONE_FILTER_FIELDS a filter: port from 1, type (0 below, 1 above, 2 center),
 * frequency_hz (0..24000), range_hz (0..24000): taken out before pages are listened for */
#define PL_PARAM_TONE_FILTERS "partyline.tone.filters"
#define PL_TONE_FILTER_FIELDS 4u
#define PL_TONE_BANDS_MAX 3200u
/** Doubles, PL_TONE_FIND_FIELDS a port that reports pairs no page knows: port from 1, length_s
 * (0.2..20), range_hz (0..100) */
#define PL_PARAM_TONE_FIND "partyline.tone.find"
#define PL_TONE_FIND_FIELDS 3u
/** of an event on PL_PORT_TONE_EVENTS: Doubles, see partyline/tones.h */
#define PL_PARAM_TONE_EVENT "partyline.tone.event"

/** Inputs are limited to this magnitude (+24 dBFS), so that no value can harm a sum or a meter. */
#define PL_INPUT_MAX 16.0f
/** Ceiling of the soft limiter: out = PL_LIMITER * tanh(acc / PL_LIMITER) */
#define PL_LIMITER 0.9f

#endif
