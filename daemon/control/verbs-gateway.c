/* SPDX-License-Identifier: MIT */
#include "control-gateway.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The gateway's verbs: each makes a new list of what was added, keeps it, hands it to the parts. */

static int begin(struct pl_control *control, const struct pl_actor *actor, enum pl_role role,
		 const char *verb, struct pl_gateway_kept *ret_kept, struct pl_error *ret_error)
{
	int r = control_begin_verb(control, actor, role, verb, ret_error);

	if (r < 0)
		return r;
	r = pl_gateway_kept_copy(&control->gateway.kept, ret_kept);
	return r < 0 ? error_set(ret_error, r, "", "this machine is out of memory") : 0;
}

static int keep(struct pl_control *control, const struct pl_gateway_kept *kept)
{
	if (!control->keeper_ops || !control->keeper_ops->keep_gateway)
		return 0;
	return control->keeper_ops->keep_gateway(control->keeper, kept);
}

/** Takes *kept. @return 0, or why nothing has changed */
static int commit(struct pl_control *control, const struct pl_actor *actor,
		  struct pl_gateway_kept *kept, struct pl_error *ret_error)
{
	char trouble[sizeof(control->gateway.trouble)];
	struct pl_gateway active = {0};
	int r;

	r = control_gateway_build(control, &control->config->gateway, kept, &active, trouble,
				  sizeof(trouble));
	if (r < 0) {
		error_set(ret_error, r, "", "this machine is out of memory");
		goto out;
	}
	r = keep(control, kept);
	if (r < 0) {
		r = control_fail_kept(control, r, false, ret_error);
		goto undo;
	}
	r = control_gateway_switch(control, actor, &active, kept, trouble, ret_error);
	if (r == 0)
		goto out;
undo:
	/* As well as it goes; what is told has not changed. */
	(void)keep(control, &control->gateway.kept);
out:
	pl_gateway_done(&active);
	pl_gateway_kept_done(kept);
	return r;
}

/** Whether what was just added to a copy of the running definitions fits. */
static int check_added(struct pl_control *control, struct pl_gateway *trial,
		       enum pl_gateway_kind kind, size_t index, struct pl_error *ret_error)
{
	char pointer[128] = "", reason[256] = "";
	const struct pl_gateway_bounds bounds = {
		.n_tablets = control->model.n_tablets,
		.n_channels = control->model.n_channels,
		.pointer = pointer,
		.pointer_size = sizeof(pointer),
		.reason = reason,
		.reason_size = sizeof(reason),
	};
	const char *field;

	if (pl_gateway_check_one(trial, kind, index, &bounds) == 0)
		return 0;
	/* Of "/tones/pages/3/a_hz" what the caller has sent: "/a_hz". */
	field = strpbrk(pointer, "0123456789");
	field = field ? strchr(field, '/') : NULL;
	return error_set(ret_error, -EINVAL, field ? field : "", "%s %s", field ? field + 1 : "it",
			 reason);
}

static int check_free(bool taken, const char *what, const char *id, struct pl_error *ret_error)
{
	if (!taken)
		return 0;
	return error_set(ret_error, -EEXIST, "/id", "there is a %s \"%s\" already", what, id);
}

static int full(int r, const char *what, unsigned n_max, struct pl_error *ret_error)
{
	if (r == -ENOSPC)
		return error_set(ret_error, -EINVAL, "", "there may be no more than %u %s", n_max,
				 what);
	return error_set(ret_error, r, "", "this machine is out of memory");
}

/* --- streams --------------------------------------------------------------------------- */

static int try_stream(struct pl_control *control, const struct pl_stream_def *stream,
		      struct pl_error *ret_error)
{
	struct pl_gateway trial;
	int r;

	r = check_free(pl_gateway_stream(&control->gateway.active, stream->id), "stream",
		       stream->id, ret_error);
	if (r == 0)
		r = check_free(pl_gateway_stream(&control->gateway.kept.added, stream->id),
			       "stream", stream->id, ret_error);
	if (r < 0)
		return r;
	r = pl_gateway_copy(&control->gateway.active, &trial);
	if (r < 0)
		return full(r, "streams", PL_STREAMS_MAX, ret_error);
	r = pl_gateway_add_stream(&trial, stream);
	if (r < 0)
		full(r, "streams", PL_STREAMS_MAX, ret_error);
	else
		r = check_added(control, &trial, PL_GATEWAY_STREAM, trial.n_streams - 1, ret_error);
	pl_gateway_done(&trial);
	return r == -ENOSPC ? -EINVAL : r;
}

static int add_stream(struct pl_control *control, const struct pl_actor *actor,
		      const struct pl_stream_def *stream, struct pl_error *ret_error)
{
	struct pl_stream_def added = *stream;
	struct pl_gateway_kept kept = {0};
	int r;

	added.origin = PL_ORIGIN_ADDED;
	r = begin(control, actor, PL_ROLE_ADMIN, "add_stream", &kept, ret_error);
	if (r == 0)
		r = try_stream(control, &added, ret_error);
	if (r == 0) {
		r = pl_gateway_add_stream(&kept.added, &added);
		if (r < 0)
			r = full(r, "streams", PL_STREAMS_MAX, ret_error);
	}
	explicit_bzero(added.secret, sizeof(added.secret));
	if (r < 0) {
		pl_gateway_kept_done(&kept);
		return r;
	}
	return commit(control, actor, &kept, ret_error);
}

int pl_control_add_stream(struct pl_control *control, const struct pl_actor *actor,
			  const struct pl_stream_def *stream, struct pl_error *ret_error)
{
	int r = add_stream(control, actor, stream, ret_error);

	return control_audited(control, actor, r, ret_error);
}

/** What a verb may remove: added, not configured. */
static int check_removable(bool is_added, bool is_there, const char *what, const char *id,
			   struct pl_error *ret_error)
{
	if (is_added)
		return 0;
	if (is_there)
		return error_set(ret_error, -EROFS, "/id",
				 "the %s \"%s\" comes from the configuration file; remove it "
				 "there and reload",
				 what, id);
	return error_set(ret_error, -ENOENT, "/id", "there is no %s \"%s\"", what, id);
}

static int remove_stream(struct pl_control *control, const struct pl_actor *actor, const char *id,
			 struct pl_error *ret_error)
{
	struct pl_gateway_kept kept = {0};
	int r;

	r = begin(control, actor, PL_ROLE_ADMIN, "remove_stream", &kept, ret_error);
	if (r == 0)
		r = check_removable(pl_gateway_stream(&kept.added, id),
				    pl_gateway_stream(&control->gateway.active, id), "stream", id,
				    ret_error);
	if (r < 0) {
		pl_gateway_kept_done(&kept);
		return r;
	}
	pl_gateway_remove_stream(&kept.added, id);
	return commit(control, actor, &kept, ret_error);
}

int pl_control_remove_stream(struct pl_control *control, const struct pl_actor *actor,
			     const char *id, struct pl_error *ret_error)
{
	int r = remove_stream(control, actor, id, ret_error);

	return control_audited(control, actor, r, ret_error);
}

/** Of a configured stream: beside what the configuration says. */
static int keep_jitter(struct pl_control *control, struct pl_gateway_kept *kept, const char *id,
		       double safety)
{
	const struct pl_stream_def *configured = pl_gateway_stream(&control->config->gateway, id);
	size_t i = 0, n = 0;

	/* Those of streams that are no longer configured go. */
	for (i = 0; i < kept->n_jitter; i++)
		if (strcmp(kept->jitter[i].id, id) != 0 &&
		    pl_gateway_stream(&control->config->gateway, kept->jitter[i].id))
			kept->jitter[n++] = kept->jitter[i];
	kept->n_jitter = n;
	if (!configured || configured->jitter_safety == safety)
		return 0;
	if (n >= PL_STREAMS_MAX)
		return -ENOSPC;
	memset(&kept->jitter[n], 0, sizeof(kept->jitter[n]));
	memcpy(kept->jitter[n].id, configured->id, sizeof(configured->id));
	kept->jitter[n].safety = safety;
	kept->jitter[n].configured = configured->jitter_safety;
	kept->n_jitter = n + 1;
	return 0;
}

int pl_control_set_jitter(struct pl_control *control, const struct pl_actor *actor, const char *id,
			  double safety, struct pl_error *ret_error)
{
	const struct pl_stream_def *stream;
	struct pl_gateway_kept kept = {0};
	int r;

	r = begin(control, actor, PL_ROLE_OPERATE, __func__, &kept, ret_error);
	if (r < 0)
		return r;
	stream = pl_gateway_stream(&control->gateway.active, id);
	if (!stream)
		r = error_set(ret_error, -ENOENT, "/id", "there is no stream \"%s\"", id);
	else
		r = check_range(safety, 0.0, 1.0, "/safety", ret_error);
	if (stream && r == 0 && stream->origin == PL_ORIGIN_CONFIG) {
		if (keep_jitter(control, &kept, id, safety + 0.0) < 0)
			r = error_set(ret_error, -EIO, "", "too many streams were set");
	} else if (r == 0) {
		for (size_t i = 0; i < kept.added.n_streams; i++)
			if (strcmp(kept.added.streams[i].id, id) == 0)
				kept.added.streams[i].jitter_safety = safety + 0.0;
	}
	if (r < 0) {
		pl_gateway_kept_done(&kept);
		return r;
	}
	return commit(control, actor, &kept, ret_error);
}

/* --- pages ------------------------------------------------------------------------------ */

static int try_page(struct pl_control *control, const struct pl_page_def *page,
		    struct pl_error *ret_error)
{
	struct pl_gateway trial;
	int r;

	r = check_free(pl_gateway_page(&control->gateway.active, page->id), "page", page->id,
		       ret_error);
	if (r == 0)
		r = check_free(pl_gateway_page(&control->gateway.kept.added, page->id), "page",
			       page->id, ret_error);
	if (r < 0)
		return r;
	r = pl_gateway_copy(&control->gateway.active, &trial);
	if (r < 0)
		return full(r, "pages", PL_PAGES_MAX, ret_error);
	r = pl_gateway_add_page(&trial, page);
	if (r < 0)
		full(r, "pages", PL_PAGES_MAX, ret_error);
	else
		r = check_added(control, &trial, PL_GATEWAY_PAGE, trial.n_pages - 1, ret_error);
	pl_gateway_done(&trial);
	return r == -ENOSPC ? -EINVAL : r;
}

/** After control_begin_verb(). */
static int add_page(struct pl_control *control, const struct pl_actor *actor,
		    const struct pl_page_def *page, struct pl_gateway_kept *kept,
		    struct pl_error *ret_error)
{
	struct pl_page_def added = *page;
	int r;

	added.origin = PL_ORIGIN_ADDED;
	r = try_page(control, &added, ret_error);
	if (r == 0) {
		r = pl_gateway_add_page(&kept->added, &added);
		if (r < 0)
			r = full(r, "pages", PL_PAGES_MAX, ret_error);
	}
	if (r < 0) {
		pl_gateway_kept_done(kept);
		return r;
	}
	return commit(control, actor, kept, ret_error);
}

int pl_control_add_page(struct pl_control *control, const struct pl_actor *actor,
			const struct pl_page_def *page, struct pl_error *ret_error)
{
	struct pl_gateway_kept kept = {0};
	int r;

	r = begin(control, actor, PL_ROLE_ADMIN, __func__, &kept, ret_error);
	if (r == 0)
		r = add_page(control, actor, page, &kept, ret_error);
	return control_audited(control, actor, r, ret_error);
}

static int remove_page(struct pl_control *control, const struct pl_actor *actor, const char *id,
		       struct pl_error *ret_error)
{
	struct pl_gateway_kept kept = {0};
	int r;

	r = begin(control, actor, PL_ROLE_ADMIN, "remove_page", &kept, ret_error);
	if (r == 0)
		r = check_removable(pl_gateway_page(&kept.added, id),
				    pl_gateway_page(&control->gateway.active, id), "page", id,
				    ret_error);
	if (r < 0) {
		pl_gateway_kept_done(&kept);
		return r;
	}
	pl_gateway_remove_page(&kept.added, id);
	return commit(control, actor, &kept, ret_error);
}

int pl_control_remove_page(struct pl_control *control, const struct pl_actor *actor, const char *id,
			   struct pl_error *ret_error)
{
	int r = remove_page(control, actor, id, ret_error);

	return control_audited(control, actor, r, ret_error);
}

/** Shorter than heard: a page may be sent a little quicker the next time. */
static double length_of(double heard_s)
{
	double length = heard_s * 0.8;

	if (length < 0.2)
		return 0.2;
	return length > 20.0 ? 20.0 : length;
}

static int page_of_record(struct pl_control *control, const char *message_id, const char *page_id,
			  struct pl_page_def *ret_page, struct pl_error *ret_error)
{
	struct pl_page_record record;
	int r = control_gateway_find_record(control, message_id, &record);

	if (r == -ENOMEM)
		return error_set(ret_error, r, "", "this machine is out of memory");
	if (r < 0)
		return error_set(ret_error, r, "/message_id", "nothing was heard with that id");
	if (record.tone.type != PL_TONE_NEW_PAIR)
		return error_set(ret_error, -EINVAL, "/message_id",
				 "what was heard is the page \"%s\" already", record.page_id);
	if (!pl_gateway_id_is_valid(page_id))
		return error_set(ret_error, -EINVAL, "/id",
				 "an id is 1 to 31 characters of a to z, 0 to 9 and -");
	pl_page_def_init(ret_page);
	snprintf(ret_page->id, sizeof(ret_page->id), "%s", page_id);
	ret_page->source = record.tone.endpoint;
	ret_page->kind = PL_PAGE_TWO_TONE;
	ret_page->a_hz = record.tone.a_hz;
	ret_page->b_hz = record.tone.b_hz;
	ret_page->a_length_s = length_of(record.tone.a_length_s);
	ret_page->b_length_s = length_of(record.tone.b_length_s);
	return 0;
}

int pl_control_page_from_record(struct pl_control *control, const struct pl_actor *actor,
				const char *message_id, const char *page_id,
				struct pl_error *ret_error)
{
	struct pl_gateway_kept kept = {0};
	struct pl_page_def page;
	int r;

	r = begin(control, actor, PL_ROLE_ADMIN, __func__, &kept, ret_error);
	if (r < 0)
		return control_audited(control, actor, r, ret_error);
	r = page_of_record(control, message_id, page_id, &page, ret_error);
	if (r < 0)
		pl_gateway_kept_done(&kept);
	else
		r = add_page(control, actor, &page, &kept, ret_error);
	return control_audited(control, actor, r, ret_error);
}

static int remove_clip(struct pl_control *control, const char *name, struct pl_error *ret_error)
{
	struct pl_gateway_parts *p = &control->gateway.parts;
	int r = -ENOENT;

	if (p->page_ops && p->page_ops->remove_clip)
		r = p->page_ops->remove_clip(p->pages, name);
	if (r == -ENOENT)
		return error_set(ret_error, r, "/name", "there is no clip \"%s\"", name);
	if (r == -EBUSY)
		return error_set(ret_error, r, "/name",
				 "the clip \"%s\" waits for its upload; when it is uploaded, or S3 "
				 "is switched off, it can be removed",
				 name);
	return r;
}

int pl_control_remove_clip(struct pl_control *control, const struct pl_actor *actor,
			   const char *name, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r == 0)
		r = remove_clip(control, name, ret_error);
	return control_audited(control, actor, r, ret_error);
}

int pl_control_end_page(struct pl_control *control, const struct pl_actor *actor,
			uint32_t channel_id, struct pl_error *ret_error)
{
	struct pl_gateway_parts *p = &control->gateway.parts;
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_channel(control, channel_id, ret_error);
	if (r < 0)
		return r;
	if (p->page_ops)
		p->page_ops->end(p->pages, channel_id);
	return 0;
}
