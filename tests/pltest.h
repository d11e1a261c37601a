/* SPDX-License-Identifier: MIT */
#ifndef PLTEST_H
#define PLTEST_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/**
 * The smallest test frame that does: one executable, one file that includes this header.
 *
 *	PL_TEST(adds) { PL_CHECK(1 + 1 == 2); }
 *	PL_TEST_MAIN()
 *
 * Prints `ok name` or `FAIL name: file:line: why` and `N passed, N failed`; the exit code is 0
 * when all passed and at least one ran. Arguments, if any, are the names to run.
 *
 * A check that fails leaves the test function (its later checks would only confuse); use
 * PL_EXPECT where going on is wanted, and both only in the test function itself or in a
 * function that returns void.
 */

struct pl_test {
	const char *name;
	void (*run)(void);
	struct pl_test *next;
};

static struct pl_test *pl_test_first;
static struct pl_test **pl_test_end __attribute__((unused)) = &pl_test_first;
static bool pl_test_failed;
static const char *pl_test_name;

#define PL_TEST(test_name)                                                                         \
	static void test_##test_name(void);                                                        \
	static struct pl_test pl_test_##test_name = {#test_name, test_##test_name, NULL};          \
	__attribute__((constructor)) static void pl_test_add_##test_name(void)                     \
	{                                                                                          \
		*pl_test_end = &pl_test_##test_name;                                               \
		pl_test_end = &pl_test_##test_name.next;                                           \
	}                                                                                          \
	static void test_##test_name(void)

#define PL_FAIL_(...)                                                                              \
	do {                                                                                       \
		pl_test_failed = true;                                                             \
		printf("FAIL %s: %s:%d: ", pl_test_name, __FILE__, __LINE__);                      \
		printf(__VA_ARGS__);                                                               \
		printf("\n");                                                                      \
		fflush(stdout);                                                                    \
	} while (0)

#define PL_EXPECT(condition)                                                                       \
	do {                                                                                       \
		if (!(condition))                                                                  \
			PL_FAIL_("%s", #condition);                                                \
	} while (0)

#define PL_CHECK(condition)                                                                        \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			PL_FAIL_("%s", #condition);                                                \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/** Two integers. */
#define PL_CHECK_INT(is, wanted)                                                                   \
	do {                                                                                       \
		long long pl_is_ = (long long)(is), pl_wanted_ = (long long)(wanted);              \
		if (pl_is_ != pl_wanted_) {                                                        \
			PL_FAIL_("%s is %lld, not %lld", #is, pl_is_, pl_wanted_);                 \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/** Two strings. */
#define PL_CHECK_STR(is, wanted)                                                                   \
	do {                                                                                       \
		const char *pl_is_ = (is), *pl_wanted_ = (wanted);                                 \
		if (!pl_is_ || strcmp(pl_is_, pl_wanted_) != 0) {                                  \
			PL_FAIL_("%s is \"%s\", not \"%s\"", #is, pl_is_ ? pl_is_ : "(null)",      \
				 pl_wanted_);                                                      \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/** Two numbers that may be this far apart; NaN never passes. */
#define PL_CHECK_NEAR(is, wanted, tolerance)                                                       \
	do {                                                                                       \
		double pl_is_ = (double)(is), pl_wanted_ = (double)(wanted);                       \
		if (!(fabs(pl_is_ - pl_wanted_) <= (double)(tolerance))) {                         \
			PL_FAIL_("%s is %.17g, not %.17g", #is, pl_is_, pl_wanted_);               \
			return;                                                                    \
		}                                                                                  \
	} while (0)

static inline int pl_test_main(int argc, char *argv[])
{
	unsigned n_passed = 0, n_failed = 0;

	for (struct pl_test *t = pl_test_first; t; t = t->next) {
		bool wanted = argc < 2;

		for (int i = 1; i < argc; i++)
			wanted = wanted || strcmp(argv[i], t->name) == 0;
		if (!wanted)
			continue;
		pl_test_failed = false;
		pl_test_name = t->name;
		t->run();
		if (pl_test_failed) {
			n_failed++;
		} else {
			n_passed++;
			printf("ok %s\n", t->name);
		}
		fflush(stdout);
	}
	printf("%u passed, %u failed\n", n_passed, n_failed);
	return n_failed > 0 || n_passed == 0;
}

#define PL_TEST_MAIN()                                                                             \
	int main(int argc, char *argv[])                                                           \
	{                                                                                          \
		return pl_test_main(argc, argv);                                                   \
	}

#endif
