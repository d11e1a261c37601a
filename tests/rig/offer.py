# SPDX-License-Identifier: MIT
"""What a browser offers, for tests that have none."""


def webrtc_offer(direction="recvonly", ufrag="abcd", fingerprint=":".join(["AB"] * 32), fmtp=""):
    """The SDP of one audio section (RFC 8829) with Opus.

    direction    recvonly: it wants to hear; sendonly: to talk
    fingerprint  SHA-256 of its certificate; by default of nobody's: it is answered, and nobody comes
    fmtp         parameters of Opus (RFC 7587 6.1), or none
    """
    return f"""v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=ice-ufrag:{ufrag}
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:0
a={direction}
a=rtcp-mux
a=rtpmap:111 opus/48000/2
""" + (f"a=fmtp:111 {fmtp}\n" if fmtp else "")
