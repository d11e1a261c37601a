/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "body.h"
#include "pltest.h"

static const struct pl_body_field fields[] = {
	{"flag", PL_BODY_BOOL, true},
	{"id", PL_BODY_ID, false},
	{"number", PL_BODY_NUMBER, false},
	{"rows", PL_BODY_ROWS, false},
};

/** @return the result; the first detail as text in a buffer */
static int read_body(const char *text, struct pl_body *body, char *ret_detail, size_t size)
{
	struct json_object *details = json_object_new_array();
	int r = pl_body_read(text, strlen(text), fields, 4, details, body);

	snprintf(ret_detail, size, "%s",
		 json_object_array_length(details) == 0
			 ? ""
			 : json_object_to_json_string_ext(json_object_array_get_idx(details, 0),
							  JSON_C_TO_STRING_PLAIN));
	json_object_put(details);
	return r;
}

PL_TEST(reads_every_type)
{
	struct pl_body body = {0};
	char detail[256];

	PL_CHECK(
		read_body(
			"{\"flag\":true,\"id\":7,\"number\":-1.5,\"rows\":{\"1\":{\"2\":0.5,\"3\":1},"
			"\"4\":{}}}",
			&body, detail, sizeof(detail)) == 0);
	PL_EXPECT(body.value[0].present && body.value[0].flag);
	PL_EXPECT(body.value[1].present && body.value[1].id == 7);
	PL_EXPECT(body.value[2].present && body.value[2].number == -1.5);
	PL_EXPECT(body.value[3].present && body.value[3].rows.n_cells == 2);
	PL_EXPECT(body.value[3].rows.cells[1].row_id == 1);
	PL_EXPECT(body.value[3].rows.cells[1].column_id == 3);
	PL_EXPECT(body.value[3].rows.cells[1].gain == 1.0);
	pl_body_done(&body);
	PL_EXPECT(body.tree == NULL);
}

PL_TEST(optional_fields_may_be_null_or_missing)
{
	struct pl_body body = {0};
	char detail[256];

	PL_CHECK(read_body("{\"flag\":false,\"id\":null}", &body, detail, sizeof(detail)) == 0);
	PL_EXPECT(body.value[0].present && !body.value[0].flag);
	PL_EXPECT(!body.value[1].present && !body.value[2].present && !body.value[3].present);
	pl_body_done(&body);
}

PL_TEST(refusals_name_the_place)
{
	static const struct {
		const char *text, *loc;
	} cases[] = {
		{"{}", "[\"body\",\"flag\"]"},
		{"{\"flag\":null}", "[\"body\",\"flag\"]"},
		{"{\"flag\":true,\"id\":-1}", "[\"body\",\"id\"]"},
		{"{\"flag\":true,\"id\":4294967296}", "[\"body\",\"id\"]"},
		{"{\"flag\":true,\"number\":1e999}", "[\"body\",\"number\"]"},
		{"{\"flag\":true,\"rows\":{\"1\":2}}", "[\"body\",\"rows\",\"1\"]"},
		{"{\"flag\":true,\"rows\":{\"1\":{\"x\":2}}}", "[\"body\",\"rows\",\"1\",\"x\"]"},
		{"{\"flag\":true,\"other\":1}", "[\"body\",\"other\"]"},
		{"[]", "[\"body\"]"},
		{"", "[\"body\"]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_body body = {0};
		char detail[256];

		PL_EXPECT(read_body(cases[i].text, &body, detail, sizeof(detail)) == -EINVAL);
		if (!strstr(detail, cases[i].loc))
			PL_FAIL_("%s gave %s", cases[i].text, detail);
		PL_EXPECT(body.tree == NULL);
	}
}

PL_TEST(complaints_are_bounded)
{
	struct json_object *details = json_object_new_array();
	char text[8192] = "{\"flag\":true";
	struct pl_body body = {0};

	for (int i = 0; i < 500; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ",\"x%d\":1", i);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "}");
	PL_EXPECT(pl_body_read(text, strlen(text), fields, 4, details, &body) == -EINVAL);
	PL_EXPECT(json_object_array_length(details) > 1 && json_object_array_length(details) < 100);
	json_object_put(details);
}

PL_TEST(ids_are_plain_decimals)
{
	uint32_t id = 5;

	PL_EXPECT(pl_id_from_text("0", &id) == 0 && id == 0);
	PL_EXPECT(pl_id_from_text("4294967295", &id) == 0 && id == UINT32_MAX);
	id = 5;
	PL_EXPECT(pl_id_from_text("4294967296", &id) == -EINVAL);
	PL_EXPECT(pl_id_from_text("", &id) == -EINVAL);
	PL_EXPECT(pl_id_from_text("01", &id) == -EINVAL);
	PL_EXPECT(pl_id_from_text("+1", &id) == -EINVAL);
	PL_EXPECT(pl_id_from_text("1 ", &id) == -EINVAL);
	PL_EXPECT(pl_id_from_text("99999999999999999999", &id) == -EINVAL);
	PL_EXPECT(id == 5);
}

PL_TEST_MAIN()
