/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <stdlib.h>

#include "json-strict.h"
#include "schema.h"

/** Where the package json-schema-test-suite has its tests; the build says. */
#ifndef SUITE
#error "SUITE is the folder of the drafts"
#endif

static struct json_object *parse(const char *text)
{
	struct json_object *tree = NULL;
	char reason[128];

	if (pl_json_parse(text, strlen(text), &tree, reason, sizeof(reason)) < 0)
		PL_FAIL_("%s: %s", text, reason);
	return tree;
}

PL_TEST(faults_are_named_by_pointer)
{
	static const char *schema_text =
		"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"a\"],"
		"\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":64},"
		"\"b/c\":{\"type\":\"array\",\"maxItems\":2,\"items\":{\"$ref\":\"#/$defs/word\"}},"
		"\"l\":{\"enum\":[\"x\",\"y\"]}},"
		"\"$defs\":{\"word\":{\"type\":\"string\",\"minLength\":1}}}";
	static const struct {
		const char *text, *pointer, *reason;
	} cases[] = {
		{"[]", "", "must be of type object"},
		{"{}", "/a", "is missing"},
		{"{\"a\":0}", "/a", "must be at least 1"},
		{"{\"a\":65}", "/a", "must be at most 64"},
		{"{\"a\":1.5}", "/a", "must be of type integer"},
		{"{\"a\":1,\"z\":1}", "/z", "unknown key"},
		{"{\"a\":1,\"b/c\":[\"x\",\"\"]}", "/b~1c/1", "must have at least 1 characters"},
		{"{\"a\":1,\"b/c\":[\"x\",\"x\",\"x\"]}", "/b~1c", "must have at most 2 items"},
		{"{\"a\":1,\"l\":\"z\"}", "/l", "must be one of [\"x\",\"y\"]"},
	};
	struct json_object *schema = parse(schema_text), *document;
	char pointer[64], reason[128];

	PL_CHECK(pl_schema_is_supported(schema));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		document = parse(cases[i].text);
		PL_CHECK_INT(pl_schema_check(schema, document, pointer, sizeof(pointer), reason,
					     sizeof(reason)),
			     -EINVAL);
		PL_CHECK_STR(pointer, cases[i].pointer);
		PL_CHECK_STR(reason, cases[i].reason);
		json_object_put(document);
	}
	document = parse("{\"a\":64.0,\"b/c\":[\"x\"],\"l\":\"y\"}");
	PL_CHECK_INT(
		pl_schema_check(schema, document, pointer, sizeof(pointer), reason, sizeof(reason)),
		0);
	json_object_put(document);
	json_object_put(schema);
}

PL_TEST(what_is_not_understood_is_refused)
{
	static const char *const schemas[] = {
		"{\"pattern\":\"a\"}",
		"{\"properties\":{\"a\":{\"items\":{\"oneOf\":[true]}}}}",
		"{\"minimum\":\"1\"}",
		"{\"required\":[1]}",
		"{\"type\":7}",
		"{\"items\":[true]}",
		"{\"$ref\":\"#/nowhere\"}",
		"{\"$ref\":\"#\"}",
		"{\"$ref\":\"other.json#/a\"}",
		"12",
	};
	char pointer[64], reason[128];

	for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
		struct json_object *schema = parse(schemas[i]), *document = parse("[[1]]");

		if (pl_schema_check(schema, document, pointer, sizeof(pointer), reason,
				    sizeof(reason)) != -ENOTSUP)
			PL_FAIL_("%s was understood", schemas[i]);
		json_object_put(document);
		json_object_put(schema);
	}
}

/** @return number of documents checked */
static unsigned run_group(struct json_object *group, const char *file)
{
	struct json_object *schema = NULL, *tests = NULL, *title = NULL;
	char pointer[256], reason[256];
	unsigned n = 0;

	json_object_object_get_ex(group, "schema", &schema);
	json_object_object_get_ex(group, "tests", &tests);
	json_object_object_get_ex(group, "description", &title);
	/* Draft 7 has $ref hide what stands beside it, draft 2020-12 and we do not. */
	if (!pl_schema_is_supported(schema) ||
	    strstr(json_object_get_string(title), "overrides any sibling"))
		return 0;
	for (size_t i = 0; i < json_object_array_length(tests); i++) {
		struct json_object *test = json_object_array_get_idx(tests, i);
		struct json_object *data = NULL, *valid = NULL, *what = NULL;
		int r;

		json_object_object_get_ex(test, "data", &data);
		json_object_object_get_ex(test, "valid", &valid);
		json_object_object_get_ex(test, "description", &what);
		r = pl_schema_check(schema, data, pointer, sizeof(pointer), reason, sizeof(reason));
		/* $id as a base and documents elsewhere are outside of the subset. */
		if (r == -ENOTSUP)
			return n;
		n++;
		if ((r == 0) != json_object_get_boolean(valid))
			PL_FAIL_("%s: %s: %s: %s", file, json_object_get_string(title),
				 json_object_get_string(what), r == 0 ? "taken" : reason);
	}
	return n;
}

PL_TEST(json_schema_test_suite)
{
	static const char *const files[] = {
		"additionalProperties",
		"boolean_schema",
		"const",
		"default",
		"enum",
		"exclusiveMaximum",
		"exclusiveMinimum",
		"items",
		"maxItems",
		"maxLength",
		"maxProperties",
		"maximum",
		"minItems",
		"minLength",
		"minProperties",
		"minimum",
		"properties",
		"ref",
		"required",
		"type",
	};
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct json_object *groups;
		char path[256];
		unsigned n_file = 0;

		snprintf(path, sizeof(path), "%s/draft7/%s.json", SUITE, files[i]);
		groups = json_object_from_file(path);
		if (!groups)
			PL_FAIL_("%s cannot be read; apt install json-schema-test-suite", path);
		for (size_t k = 0; groups && k < json_object_array_length(groups); k++)
			n_file += run_group(json_object_array_get_idx(groups, k), files[i]);
		json_object_put(groups);
		PL_EXPECT(n_file > 0);
		n += n_file;
	}
	printf("%u documents of the suite\n", n);
	PL_CHECK(n > 180);
}

PL_TEST_MAIN()
