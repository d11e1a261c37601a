/* SPDX-License-Identifier: MIT */
#include "echostream-packet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "json-strict.h"

#define SEALED_MIN (PL_ECHO_IV_BYTES + PL_ECHO_TAG_BYTES)

/* --- sealing ------------------------------------------------------------------------------ */

/** Both have the key already; a packet gives the IV only. */
struct pl_echo_cipher {
	EVP_CIPHER_CTX *seal, *open;
};

int pl_echo_cipher_new(const uint8_t key[PL_ECHO_KEY_BYTES], struct pl_echo_cipher **ret_cipher)
{
	struct pl_echo_cipher *cipher = calloc(1, sizeof(*cipher));

	if (!cipher)
		return -ENOMEM;
	cipher->seal = EVP_CIPHER_CTX_new();
	cipher->open = EVP_CIPHER_CTX_new();
	/* GCM's default is an IV of 12 bytes. */
	if (!cipher->seal || !cipher->open ||
	    EVP_EncryptInit_ex(cipher->seal, EVP_aes_256_gcm(), NULL, key, NULL) != 1 ||
	    EVP_DecryptInit_ex(cipher->open, EVP_aes_256_gcm(), NULL, key, NULL) != 1) {
		pl_echo_cipher_free(cipher);
		return -ENOMEM;
	}
	*ret_cipher = cipher;
	return 0;
}

struct pl_echo_cipher *pl_echo_cipher_free(struct pl_echo_cipher *cipher)
{
	if (!cipher)
		return NULL;
	EVP_CIPHER_CTX_free(cipher->seal);
	EVP_CIPHER_CTX_free(cipher->open);
	free(cipher);
	return NULL;
}

/** @return bytes of ciphertext and tag in ret_sealed behind its IV, or -EIO */
static int seal(struct pl_echo_cipher *cipher, const uint8_t *opus, size_t opus_size,
		uint8_t *ret_sealed)
{
	uint8_t *text = ret_sealed + PL_ECHO_IV_BYTES;
	int n = 0, n_final = 0;

	if (RAND_bytes(ret_sealed, PL_ECHO_IV_BYTES) != 1 ||
	    EVP_EncryptInit_ex(cipher->seal, NULL, NULL, NULL, ret_sealed) != 1 ||
	    EVP_EncryptUpdate(cipher->seal, text, &n, opus, (int)opus_size) != 1 ||
	    EVP_EncryptFinal_ex(cipher->seal, text + n, &n_final) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher->seal, EVP_CTRL_GCM_GET_TAG, PL_ECHO_TAG_BYTES,
				text + opus_size) != 1)
		return -EIO;
	return (int)(SEALED_MIN + opus_size);
}

/** A JSON text's inside. @return its length; at most size - 1 are written */
static size_t escape(const char *text, char *ret_text, size_t size)
{
	size_t n = 0;

	for (; *text; text++) {
		char c[8];
		int length;

		if (*text == '"' || *text == '\\')
			length = snprintf(c, sizeof(c), "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			length = snprintf(c, sizeof(c), "\\u%04x", (unsigned)*text);
		else
			length = 1, c[0] = *text;
		if (n + (size_t)length < size)
			memcpy(ret_text + n, c, (size_t)length);
		n += (size_t)length;
	}
	if (n < size)
		ret_text[n] = '\0';
	return n;
}

int pl_echo_packet_write(struct pl_echo_cipher *cipher, const char *channel_id, const uint8_t *opus,
			 size_t opus_size, char *ret_datagram, size_t size,
			 uint8_t ret_iv[PL_ECHO_IV_BYTES])
{
	static const char before[] = "{\"channel_id\":\"",
			  between[] = "\",\"type\":\"audio\",\"data\":\"", after[] = "\"}";
	uint8_t sealed[SEALED_MIN + PL_ECHO_OPUS_MAX];
	char id[6 * PL_ECHO_ID_MAX];
	size_t id_length, n;
	int sealed_size;

	id_length = escape(channel_id, id, sizeof(id));
	if (opus_size == 0 || opus_size > PL_ECHO_OPUS_MAX || id_length >= sizeof(id))
		return -EMSGSIZE;
	n = sizeof(before) - 1 + id_length + sizeof(between) - 1 +
	    (SEALED_MIN + opus_size + 2) / 3 * 4 + sizeof(after) - 1;
	/* One byte more: the base64 of OpenSSL ends with a NUL. */
	if (n + 1 > size || n > PL_ECHO_DATAGRAM_MAX)
		return -EMSGSIZE;
	sealed_size = seal(cipher, opus, opus_size, sealed);
	if (sealed_size < 0)
		return sealed_size;
	memcpy(ret_iv, sealed, PL_ECHO_IV_BYTES);
	n = (size_t)sprintf(ret_datagram, "%s%s%s", before, id, between);
	n += (size_t)EVP_EncodeBlock((unsigned char *)ret_datagram + n, sealed, sealed_size);
	memcpy(ret_datagram + n, after, sizeof(after));
	return (int)(n + sizeof(after) - 1);
}

/* --- opening ------------------------------------------------------------------------------ */

/** A text, or a whole number for an id, borrowed from the tree; NULL: neither. */
static const char *get_text(struct json_object *tree, const char *name, bool number_too)
{
	struct json_object *value;

	if (!json_object_object_get_ex(tree, name, &value))
		return NULL;
	if (!json_object_is_type(value, json_type_string) &&
	    !(number_too && json_object_is_type(value, json_type_int)))
		return NULL;
	return json_object_get_string(value);
}

static enum pl_echo_packet_verdict read_sealed(const char *data, struct pl_echo_packet *packet)
{
	int n;

	if (strlen(data) > (sizeof(packet->sealed) + 2) / 3 * 4)
		return PL_ECHO_PACKET_OVERSIZED;
	n = pl_echo_base64(data, strlen(data), packet->sealed, sizeof(packet->sealed));
	if (n < 0)
		return PL_ECHO_PACKET_MALFORMED;
	if ((size_t)n < SEALED_MIN)
		return PL_ECHO_PACKET_TRUNCATED;
	packet->sealed_size = (size_t)n;
	return PL_ECHO_PACKET_AUDIO;
}

static enum pl_echo_packet_verdict read_tree(struct json_object *tree,
					     struct pl_echo_packet *packet)
{
	const char *type, *id, *data;

	if (!json_object_is_type(tree, json_type_object))
		return PL_ECHO_PACKET_MALFORMED;
	type = get_text(tree, "type", false);
	if (!type)
		return PL_ECHO_PACKET_MALFORMED;
	if (strcmp(type, "audio") != 0)
		return PL_ECHO_PACKET_OTHER;
	id = get_text(tree, "channel_id", true);
	data = get_text(tree, "data", false);
	if (!id || !data || strlen(id) >= sizeof(packet->channel_id))
		return PL_ECHO_PACKET_MALFORMED;
	snprintf(packet->channel_id, sizeof(packet->channel_id), "%s", id);
	return read_sealed(data, packet);
}

enum pl_echo_packet_verdict pl_echo_packet_read(const char *datagram, size_t size,
						struct pl_echo_packet *ret_packet)
{
	struct pl_json_fault fault;
	struct json_object *tree = NULL;
	enum pl_echo_packet_verdict verdict;

	if (size > PL_ECHO_DATAGRAM_MAX)
		return PL_ECHO_PACKET_OVERSIZED;
	if (pl_json_read(datagram, size, &tree, &fault) < 0)
		return size == 0 || fault.offset >= size ? PL_ECHO_PACKET_TRUNCATED
							 : PL_ECHO_PACKET_MALFORMED;
	verdict = read_tree(tree, ret_packet);
	json_object_put(tree);
	return verdict;
}

int pl_echo_packet_open(struct pl_echo_cipher *cipher, const struct pl_echo_packet *packet,
			uint8_t *ret_opus)
{
	const uint8_t *text = packet->sealed + PL_ECHO_IV_BYTES;
	size_t size = packet->sealed_size - SEALED_MIN;
	uint8_t tag[PL_ECHO_TAG_BYTES], opus[PL_ECHO_OPUS_MAX];
	int n = 0, n_final = 0;
	bool is_authentic;

	memcpy(tag, text + size, sizeof(tag));
	is_authentic =
		EVP_DecryptInit_ex(cipher->open, NULL, NULL, NULL, packet->sealed) == 1 &&
		EVP_DecryptUpdate(cipher->open, opus, &n, text, (int)size) == 1 &&
		EVP_CIPHER_CTX_ctrl(cipher->open, EVP_CTRL_GCM_SET_TAG, sizeof(tag), tag) == 1 &&
		EVP_DecryptFinal_ex(cipher->open, opus + n, &n_final) == 1;
	if (is_authentic && size > 0)
		memcpy(ret_opus, opus, size);
	return is_authentic && size > 0 ? (int)size : -EBADMSG;
}

/* --- replay ------------------------------------------------------------------------------- */

#define NONE UINT32_MAX

/** A ring of what was heard, oldest overwritten, and chains through it by hash. */
struct pl_echo_window {
	uint64_t mark[PL_ECHO_WINDOW_PACKETS];
	uint32_t next[PL_ECHO_WINDOW_PACKETS];
	uint32_t first[PL_ECHO_WINDOW_PACKETS];
	uint32_t n_marks, oldest;
};

int pl_echo_window_new(struct pl_echo_window **ret_window)
{
	struct pl_echo_window *window = calloc(1, sizeof(*window));

	if (!window)
		return -ENOMEM;
	memset(window->first, 0xff, sizeof(window->first));
	*ret_window = window;
	return 0;
}

struct pl_echo_window *pl_echo_window_free(struct pl_echo_window *window)
{
	free(window);
	return NULL;
}

static uint32_t *chain_of(struct pl_echo_window *window, uint64_t mark)
{
	/* The bits are random already. */
	return &window->first[mark % PL_ECHO_WINDOW_PACKETS];
}

static void forget(struct pl_echo_window *window, uint32_t index)
{
	uint32_t *link = chain_of(window, window->mark[index]);

	while (*link != index)
		link = &window->next[*link];
	*link = window->next[index];
}

bool pl_echo_window_add(struct pl_echo_window *window, const uint8_t iv[PL_ECHO_IV_BYTES])
{
	uint64_t mark;
	uint32_t *chain, index;

	memcpy(&mark, iv, sizeof(mark));
	chain = chain_of(window, mark);
	for (index = *chain; index != NONE; index = window->next[index])
		if (window->mark[index] == mark)
			return false;
	if (window->n_marks < PL_ECHO_WINDOW_PACKETS) {
		index = window->n_marks++;
	} else {
		index = window->oldest;
		window->oldest = (window->oldest + 1) % PL_ECHO_WINDOW_PACKETS;
		forget(window, index);
	}
	window->mark[index] = mark;
	window->next[index] = *chain;
	*chain = index;
	return true;
}
