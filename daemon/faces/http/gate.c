/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "credential.h"
#include "server.h"

/*
 * Who comes in. A credential that is shown decides, whoever shows it: a view token does not
 * operate, also on the loopback. Without one, a caller of this machine has the role
 * http.local_role, and a caller from elsewhere none, or `operate` when http.insecure_lan says so.
 *
 * Callers on the loopback are not told apart by the user who owns their socket, though the kernel
 * could be asked: a socket belongs to who made it, not to who speaks through it (forwarders,
 * helpers that run as root), and one that was left behind counts as root's.
 */

static bool is_mapped(const uint8_t address[16])
{
	static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

/** IPv4 is mapped into IPv6. @return false when the peer is gone */
static bool read_address(int fd, uint8_t ret_address[16])
{
	struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
	socklen_t size = sizeof(peer);

	memset(ret_address, 0, 16);
	if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
		return false;
	if (peer.ss_family == AF_INET6) {
		memcpy(ret_address, &((struct sockaddr_in6 *)&peer)->sin6_addr, 16);
		return true;
	}
	ret_address[10] = ret_address[11] = 0xff;
	memcpy(ret_address + 12, &((struct sockaddr_in *)&peer)->sin_addr, 4);
	return peer.ss_family == AF_INET;
}

static bool is_local(const uint8_t address[16])
{
	return is_mapped(address) ? address[12] == 127
				  : memcmp(address, &in6addr_loopback, 16) == 0;
}

/** The role of callers without a credential. @return false: none */
static bool role_of_anyone(const struct pl_face_http *face, bool local, enum pl_role *ret_role)
{
	const struct pl_config *config = pl_control_config(face->control);
	const char *name = config->http_local_role;
	bool has_role = false;

	if (!name[0])
		name = face->options.is_system ? "view" : "admin";
	if (local)
		has_role = pl_role_from_name(name, ret_role) == 0;
	if (config->insecure_lan && (!has_role || *ret_role < PL_ROLE_OPERATE)) {
		*ret_role = PL_ROLE_OPERATE;
		has_role = true;
	}
	return has_role;
}

bool pl_http_is_local_peer(int fd)
{
	uint8_t address[16];

	return read_address(fd, address) && is_local(address);
}

bool pl_http_may_be_plain(const struct pl_face_http *face, struct lws *wsi)
{
	return !face->tls || (pl_http_is_local_peer(lws_get_socket_fd(wsi)) &&
			      !pl_control_config(face->control)->tls_always);
}

/** @return true when there is one, right or wrong */
static bool read_credential(struct lws *wsi, bool secure, char *ret_token, char *ret_session,
			    size_t size)
{
	char text[1024];
	int r;

	ret_token[0] = ret_session[0] = '\0';
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_AUTHORIZATION) > 0) {
		/* what cannot be read is a wrong token */
		if (lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_AUTHORIZATION) > 0)
			pl_credential_from_authorization(text, ret_token, size);
		explicit_bzero(text, sizeof(text));
		return true;
	}
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_COOKIE) <= 0 ||
	    lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_COOKIE) <= 0)
		return false;
	r = pl_credential_from_cookies(text, secure ? PL_HTTP_COOKIE_TLS : PL_HTTP_COOKIE_PLAIN,
				       ret_session, size);
	explicit_bzero(text, sizeof(text));
	return r != -ENOENT;
}

void pl_http_gate(struct pl_face_http *face, struct lws *wsi, const struct pl_http_request *request,
		  struct pl_http_visitor *ret_visitor)
{
	struct pl_http_visitor visitor = {.status = 401, .detail = "no token"};
	char token[PL_SECRET_SIZE], session[PL_SECRET_SIZE];
	struct pl_credential credential;
	bool local, shown;
	int r;

	memcpy(visitor.peer, request->peer, sizeof(visitor.peer));
	local = read_address(lws_get_socket_fd(wsi), visitor.address) && is_local(visitor.address);
	shown = read_credential(wsi, request->secure, token, session, sizeof(token));
	if (shown) {
		memcpy(credential.address, visitor.address, sizeof(credential.address));
		credential.token = session[0] ? NULL : token;
		credential.session = session[0] ? session : NULL;
		r = pl_control_authenticate(face->control, &credential, &visitor.identity,
					    &visitor.retry_s);
		visitor.has_identity = r == 0;
		visitor.by_session = session[0] != '\0';
		visitor.status = r == 0 ? 0 : r == -EAGAIN ? 429 : 401;
		visitor.detail = r == -EAGAIN ? "too many wrong tokens" : "a wrong token";
		visitor.role = visitor.identity.role;
	}
	/* a session that is over must not lock out who needs none */
	if ((!shown || (session[0] && visitor.status == 401)) &&
	    role_of_anyone(face, local, &visitor.role))
		visitor.status = 0;
	explicit_bzero(token, sizeof(token));
	explicit_bzero(session, sizeof(session));
	*ret_visitor = visitor;
}

void pl_http_audit(struct pl_face_http *face, const struct pl_http_request *request,
		   const struct pl_http_visitor *visitor, int status, const char *detail)
{
	struct pl_audit audit = {.detail = detail ? detail : ""};
	struct pl_actor actor;
	char verb[288];

	pl_http_actor(visitor, &actor);
	snprintf(verb, sizeof(verb), "%s %s",
		 request->method < PL_HTTP_METHOD_MAX_ ? pl_http_method_name(request->method) : "?",
		 request->path);
	audit.actor = &actor;
	audit.verb = verb;
	audit.result = status == 429 ? -EAGAIN : status == 401 ? -EACCES : -EPERM;
	pl_control_audit(face->control, &audit);
}
