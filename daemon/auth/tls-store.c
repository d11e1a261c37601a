/* SPDX-License-Identifier: MIT */
#include "tls-store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certificate.h"
#include "files.h"
#include "secret.h"

#define SECRET_FILE_MAX (1024u * 1024u)
#define CA "ca.pem"
#define SERVER "server.pem"

/** What tells that a file is another one. */
struct file_mark {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct pl_tls_store {
	char *folder;
	bool is_given;
	uint64_t serial;
	char *chain_pem, *key_pem, *ca_pem;
	struct pl_certificate_facts facts, ca_facts;
	char names[4096];
	struct file_mark mark[2]; /* of the given pair as last looked at */
};

static void forget_text(char **text)
{
	if (*text)
		pl_secret_forget(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

int pl_tls_store_new(const char *folder, struct pl_tls_store **ret_store)
{
	struct pl_tls_store *store = calloc(1, sizeof(*store));

	if (!store)
		return -ENOMEM;
	store->folder = strdup(folder);
	if (!store->folder) {
		free(store);
		return -ENOMEM;
	}
	*ret_store = store;
	return 0;
}

struct pl_tls_store *pl_tls_store_free(struct pl_tls_store *store)
{
	if (!store)
		return NULL;
	forget_text(&store->chain_pem);
	forget_text(&store->key_pem);
	forget_text(&store->ca_pem);
	free(store->folder);
	free(store);
	return NULL;
}

static void write_names(struct pl_tls_store *store)
{
	const struct pl_host_names *names = &store->facts.names;
	char text[INET6_ADDRSTRLEN];
	size_t n = 0;

	store->names[0] = '\0';
	for (size_t i = 0; i < names->n_names + names->n_addresses; i++) {
		const struct pl_host_address *address =
			i < names->n_names ? NULL : &names->address[i - names->n_names];

		if (address)
			inet_ntop(address->size == 4 ? AF_INET : AF_INET6, address->byte, text,
				  sizeof(text));
		n += (size_t)snprintf(store->names + n, sizeof(store->names) - n, "%s%s",
				      n > 0 ? ", " : "", address ? text : names->name[i]);
		if (n >= sizeof(store->names))
			return;
	}
}

/** Takes the texts; they are right. @param ca_pem  NULL: a given pair */
static void adopt(struct pl_tls_store *store, char *chain_pem, char *key_pem, char *ca_pem,
		  const struct pl_certificate_facts *facts)
{
	forget_text(&store->chain_pem);
	forget_text(&store->key_pem);
	forget_text(&store->ca_pem);
	store->chain_pem = chain_pem;
	store->key_pem = key_pem;
	store->ca_pem = ca_pem;
	store->is_given = ca_pem == NULL;
	store->facts = *facts;
	memset(&store->ca_facts, 0, sizeof(store->ca_facts));
	if (ca_pem)
		pl_certificate_read(ca_pem, &store->ca_facts);
	write_names(store);
	store->serial++;
}

/* --- a given pair ------------------------------------------------------------------------ */

static void mark_file(const char *path, struct file_mark *ret_mark)
{
	struct stat st;

	memset(ret_mark, 0, sizeof(*ret_mark));
	if (stat(path, &st) < 0)
		return;
	ret_mark->device = st.st_dev;
	ret_mark->inode = st.st_ino;
	ret_mark->size = st.st_size;
	ret_mark->changed = st.st_mtim;
}

static int read_given(const char *path, char **ret_text, char *ret_reason, size_t reason_size)
{
	size_t size;
	int r = pl_file_read(AT_FDCWD, path, SECRET_FILE_MAX, ret_text, &size);

	if (r < 0)
		snprintf(ret_reason, reason_size, "\"%s\" cannot be read: %s", path, strerror(-r));
	return r;
}

static int load_given(struct pl_tls_store *store, const struct pl_tls_wishes *wishes,
		      uint64_t now_s, char *ret_reason, size_t reason_size)
{
	struct pl_certificate_facts facts = {0};
	char *chain = NULL, *key = NULL;
	int r;

	r = read_given(wishes->certificate, &chain, ret_reason, reason_size);
	if (r == 0)
		r = read_given(wishes->key, &key, ret_reason, reason_size);
	if (r == 0 && pl_certificate_read(chain, &facts) < 0) {
		r = -EINVAL;
		snprintf(ret_reason, reason_size, "\"%s\" holds no certificate as PEM",
			 wishes->certificate);
	}
	if (r == 0 && !pl_certificate_has_key(chain, key)) {
		r = -EINVAL;
		snprintf(ret_reason, reason_size,
			 "\"%s\" holds no key as PEM without password that belongs to the "
			 "certificate in \"%s\"",
			 wishes->key, wishes->certificate);
	}
	if (r < 0) {
		forget_text(&chain);
		forget_text(&key);
		return r;
	}
	adopt(store, chain, key, NULL, &facts);
	snprintf(ret_reason, reason_size, "the certificate in \"%s\" is in use%s",
		 wishes->certificate,
		 facts.not_after_s <= now_s ? ", but it has expired: put a new one there" : "");
	return 1;
}

static int refresh_given(struct pl_tls_store *store, const struct pl_tls_wishes *wishes,
			 uint64_t now_s, char *ret_reason, size_t reason_size)
{
	struct file_mark mark[2];

	mark_file(wishes->certificate, &mark[0]);
	mark_file(wishes->key, &mark[1]);
	if (store->serial != 0 && memcmp(mark, store->mark, sizeof(mark)) == 0)
		return 0;
	memcpy(store->mark, mark, sizeof(mark));
	return load_given(store, wishes, now_s, ret_reason, reason_size);
}

/* --- our own ------------------------------------------------------------------------------- */

/** "Partyline intercom7 a1b2c3": several on one device are told apart. */
static void name_ca(const struct pl_host_names *names, char ret_name[65])
{
	uint8_t random[3] = {0};

	pl_secret_random(random, sizeof(random));
	snprintf(ret_name, 65, "Partyline %.40s %02x%02x%02x",
		 names->n_names > 0 ? names->name[0] : "", random[0], random[1], random[2]);
}

static int load_ca(int folder, const struct pl_host_names *names, char **ret_pem, char *ret_reason,
		   size_t reason_size)
{
	char name[65], aside[96];
	size_t size;
	int r;

	r = pl_file_read(folder, CA, SECRET_FILE_MAX, ret_pem, &size);
	if (r == 0 && pl_certificate_has_key(*ret_pem, *ret_pem))
		return 0;
	if (r == 0) {
		forget_text(ret_pem);
		r = pl_file_move_aside(folder, CA, aside, sizeof(aside));
		if (r == 0)
			snprintf(ret_reason, reason_size,
				 "%s was damaged and is now %s; there is a new local CA, which "
				 "every device must be told to trust",
				 CA, aside);
	} else if (r == -ENOENT) {
		snprintf(ret_reason, reason_size,
			 "there is a new local CA; see partylinectl "
			 "certificate");
		r = 0;
	}
	if (r < 0)
		return r;
	name_ca(names, name);
	r = pl_certificate_make_ca(name, ret_pem);
	if (r == 0)
		r = pl_file_write(folder, CA, *ret_pem, strlen(*ret_pem));
	if (r < 0)
		forget_text(ret_pem);
	return r;
}

/** @return NULL while all is well, else why there must be another */
static const char *find_fault(const char *pem, const char *ca_pem,
			      const struct pl_certificate_facts *facts,
			      const struct pl_host_names *wanted, uint64_t now_s)
{
	if (!pl_certificate_has_key(pem, pem) || !pl_certificate_is_of(pem, ca_pem))
		return "it was not of this CA";
	if (facts->not_before_s > now_s)
		return "the clock was before it";
	if (facts->not_after_s < now_s + PL_CERTIFICATE_RENEW_SECONDS)
		return "its time was running out";
	if (!pl_host_names_have(&facts->names, wanted))
		return "this machine has a new name or address";
	return NULL;
}

static int make_server(int folder, const char *ca_pem, const struct pl_host_names *wanted,
		       uint64_t now_s, char **ret_pem)
{
	int r = pl_certificate_make_server(ca_pem, wanted, now_s, ret_pem);

	if (r == 0)
		r = pl_file_write(folder, SERVER, *ret_pem, strlen(*ret_pem));
	if (r < 0)
		forget_text(ret_pem);
	return r;
}

/** @param ca_pem  with its key */
static int load_server(struct pl_tls_store *store, int folder, const char *ca_pem,
		       const struct pl_host_names *wanted, uint64_t now_s, char *ret_reason,
		       size_t reason_size)
{
	struct pl_certificate_facts facts;
	char *pem = NULL, *key, *ca = NULL;
	const char *fault = "there was none";
	size_t size;
	int r;

	if (pl_file_read(folder, SERVER, SECRET_FILE_MAX, &pem, &size) == 0)
		fault = pl_certificate_read(pem, &facts) < 0
				? "it was damaged"
				: find_fault(pem, ca_pem, &facts, wanted, now_s);
	if (fault) {
		forget_text(&pem);
		r = make_server(folder, ca_pem, wanted, now_s, &pem);
		if (r == 0)
			r = pl_certificate_read(pem, &facts);
		if (r < 0) {
			forget_text(&pem);
			return r;
		}
		if (!ret_reason[0])
			snprintf(ret_reason, reason_size, "a new certificate: %s", fault);
	}
	key = strdup(pem);
	r = key ? pl_certificate_without_key(ca_pem, &ca) : -ENOMEM;
	if (r < 0) {
		forget_text(&pem);
		forget_text(&key);
		return r;
	}
	adopt(store, pem, key, ca, &facts);
	return 1;
}

static void collect_names(const struct pl_tls_wishes *wishes, struct pl_host_names *ret_names)
{
	pl_host_names_of_machine(ret_names);
	for (size_t i = 0; i < wishes->n_names; i++)
		pl_host_names_add(ret_names, wishes->names[i]);
}

static int refresh_own(struct pl_tls_store *store, const struct pl_tls_wishes *wishes,
		       uint64_t now_s, char *ret_reason, size_t reason_size)
{
	struct pl_host_names wanted;
	char *ca_pem = NULL;
	int folder, r;

	collect_names(wishes, &wanted);
	if (store->serial != 0 && !store->is_given &&
	    !find_fault(store->chain_pem, store->ca_pem, &store->facts, &wanted, now_s))
		return 0;
	r = pl_folder_open(store->folder, &folder);
	if (r == 0) {
		r = load_ca(folder, &wanted, &ca_pem, ret_reason, reason_size);
		if (r == 0)
			r = load_server(store, folder, ca_pem, &wanted, now_s, ret_reason,
					reason_size);
		close(folder);
	}
	forget_text(&ca_pem);
	if (r < 0)
		snprintf(ret_reason, reason_size, "the certificates in \"%s\" cannot be kept: %s",
			 store->folder, strerror(-r));
	return r;
}

/* --- both ------------------------------------------------------------------------------------ */

int pl_tls_store_refresh(struct pl_tls_store *store, const struct pl_tls_wishes *wishes,
			 uint64_t now_s, char *ret_reason, size_t reason_size)
{
	ret_reason[0] = '\0';
	if (!wishes->certificate[0] != !wishes->key[0]) {
		snprintf(ret_reason, reason_size, "%s is given without %s; give both, or neither",
			 wishes->key[0] ? "http.tls.key" : "http.tls.certificate",
			 wishes->key[0] ? "http.tls.certificate" : "http.tls.key");
		return -EINVAL;
	}
	if (wishes->certificate[0])
		return refresh_given(store, wishes, now_s, ret_reason, reason_size);
	return refresh_own(store, wishes, now_s, ret_reason, reason_size);
}

bool pl_tls_store_get(const struct pl_tls_store *store, struct pl_certificate *ret_certificate)
{
	if (!store || store->serial == 0)
		return false;
	*ret_certificate = (struct pl_certificate){
		.serial = store->serial,
		.chain_pem = store->chain_pem,
		.key_pem = store->key_pem,
		.ca_pem = store->ca_pem ? store->ca_pem : "",
		.fingerprint = store->facts.fingerprint,
		.ca_fingerprint = store->ca_facts.fingerprint,
		.subject_names = store->names,
		.not_before_s = store->facts.not_before_s,
		.not_after_s = store->facts.not_after_s,
		.is_given = store->is_given,
	};
	return true;
}
