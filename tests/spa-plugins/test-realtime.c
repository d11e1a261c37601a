/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <spa/utils/defs.h>
#include <spa/utils/dict.h>

#include <partyline/meter-node.h>
#include <partyline/tones.h>

#include "cpu-host.h"
#include "host.h"
#include "random.h"

/*
 * process() must neither allocate, lock, log nor call the kernel.
 *
 * A child prepares a node, then forbids itself every system call by a seccomp filter whose
 * traps are counted, and runs process() over and over with ramps, key edges, voices, bad
 * samples and damaged control data. Allocation and locking functions of this executable
 * stand before libc's for the plugin as well and count while process() runs.
 */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED

int main(void)
{
	printf("skipped: a sanitizer allocates on its own\n");
	return 77;
}

#else

struct counts {
	volatile uint32_t n_allocations;
	volatile uint32_t n_locks;
	volatile uint32_t n_syscalls;
	volatile int last_syscall;
	volatile uint32_t n_logs;
	volatile uint32_t n_cycles;
	volatile uint64_t n_bad_control;
	volatile uint64_t n_bad_samples;
	volatile uint64_t keys;
	volatile float loudest;
	volatile uint32_t n_tones;
};

static struct counts *counts; /* shared with the child */
static volatile bool watched;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

static void count_allocation(void)
{
	if (watched)
		counts->n_allocations++;
}

SPA_EXPORT void *malloc(size_t size)
{
	count_allocation();
	return __libc_malloc(size);
}

SPA_EXPORT void *calloc(size_t n, size_t size)
{
	count_allocation();
	return __libc_calloc(n, size);
}

SPA_EXPORT void *realloc(void *old, size_t size)
{
	count_allocation();
	return __libc_realloc(old, size);
}

SPA_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	count_allocation();
	return __libc_memalign(alignment, size);
}

SPA_EXPORT void free(void *p)
{
	count_allocation();
	__libc_free(p);
}

#define COUNT_LOCK(name_, type_)                                                                   \
	SPA_EXPORT int name_(type_ *lock)                                                          \
	{                                                                                          \
		if (watched)                                                                       \
			counts->n_locks++;                                                         \
		return 0;                                                                          \
	}

/* The child has one thread: nothing needs to be locked in truth. */
COUNT_LOCK(pthread_mutex_lock, pthread_mutex_t)
COUNT_LOCK(pthread_mutex_trylock, pthread_mutex_t)
COUNT_LOCK(pthread_mutex_unlock, pthread_mutex_t)
COUNT_LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
COUNT_LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)

static void on_sigsys(int signal, siginfo_t *info, void *context)
{
	counts->n_syscalls++;
	counts->last_syscall = info->si_syscall;
}

/** From here on every system call but returning from a signal and ending is trapped. */
static int forbid_syscalls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_exit_group, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_rt_sigreturn, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = SPA_N_ELEMENTS(code), .filter = code};
	struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};

	if (sigaction(SIGSYS, &action, NULL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return -errno;
	return 0;
}

static void fill_inputs(struct host *h, uint32_t cycle, uint32_t n_frames)
{
	static const float bad[] = {NAN, INFINITY, 1e30f, 1e-42f};

	for (uint32_t i = 0; i < h->n_tablets + h->n_channels; i++) {
		for (uint32_t n = 0; n < n_frames; n++) {
			host_in(h, i)[n] = (float)pl_random_uniform(-1.0, 1.0) *
					   ((cycle >> 3) % (i + 2u) ? 1.0f : 1e-6f);
		}
		if (cycle % 5u == 0)
			host_in(h, i)[pl_random_below(n_frames)] = bad[(cycle + i) % 4u];
	}
}

/** A template sequence, kept outside: building one allocates. */
struct events {
	uint8_t bytes[8192];
	uint32_t size;
};

static void make_events(struct host *h, struct events *events)
{
	struct host_props c;

	host_control_begin(&c);
	for (uint32_t i = 0; i < 30; i++)
		host_control_key(&c, i * 2u, 1u + i % 16u, 1u + i % 4u, i % 3u != 0);
	host_control_end(h, &c);
	memcpy(events->bytes, h->control, h->control_size);
	events->size = h->control_size;
}

/** @param samples NULL: a node with fewer outputs than inputs. Rubbish passes through a meter. */
static void note_level(const float *samples, uint32_t n_frames)
{
	for (uint32_t n = 0; samples && n < n_frames; n++) {
		if (isfinite(samples[n]))
			counts->loudest = fmaxf(counts->loudest, fabsf(samples[n]));
	}
}

/** NULL, or what is put over the noise. */
static void (*presser)(struct host *h, uint32_t cycle, uint32_t n_frames);

static void note_events(struct host *h)
{
	struct pl_tones_reader reader;
	struct pl_tones_event event;
	uint32_t size;
	const void *data = host_events(h, &size);

	if (!pl_tones_open(&reader, data, size))
		return;
	while (pl_tones_next(&reader, &event))
		counts->n_tones++;
}

static void run_cycles(struct host *h, const struct events *events)
{
	static const uint32_t quanta[] = {64, 256, 100, 1024, 16};
	static const uint32_t rates[] = {48000, 48000, 48000, 44100, 192000};

	for (uint32_t cycle = 0; cycle < 500; cycle++) {
		uint32_t q = quanta[(cycle >> 5) % 5u], rate = rates[(cycle >> 6) % 5u];

		fill_inputs(h, cycle, q);
		if (presser)
			presser(h, cycle, q);
		h->in[cycle % 16u].empty = cycle % 7u == 0;
		if (cycle % 3u == 0) {
			memcpy(h->control, events->bytes, events->size);
			h->control_size = events->size;
			if (cycle % 2u)
				h->control[pl_random_below(events->size)] ^= 0xff;
		}
		watched = true;
		if (host_process(h, q, rate) < 0)
			break;
		watched = false;
		counts->n_cycles++;
		for (uint32_t i = 0; i < h->n_tablets + h->n_channels; i++)
			note_level(host_out(h, i), q);
		note_events(h);
	}
}

/** What a child does under watch. */
typedef void (*job_func)(struct host *h, const struct events *events);

/** The other nodes: cycles of noise and rubbish, the first of which takes new parameters. */
static void child_of_node(struct host *h)
{
	static struct events events;
	struct host_props c;

	host_link_all(h);
	host_control_begin(&c);
	for (uint32_t i = 0; i < 30; i++)
		host_control_property(&c, i * 2u, PL_PARAM_GATE_KEY, i % 3u != 0);
	host_control_end(h, &c);
	memcpy(events.bytes, h->control, h->control_size);
	events.size = h->control_size;
	h->control_size = 0;
	h->n_logs = 0;
	if (forbid_syscalls() < 0)
		_exit(12);
	run_cycles(h, &events);
	counts->n_logs = (uint32_t)h->n_logs;
	_exit(0);
}

static void child_gate(job_func job)
{
	static struct host h;

	if (host_init_node(&h, PL_FACTORY_GATE, NULL, 2, pl_host_cpu_flags()) < 0)
		_exit(10);
	if (host_set_double(&h, PL_PARAM_GATE_MODE, PL_GATE_MODE_DUCK) < 0 ||
	    host_set_double(&h, PL_PARAM_GATE_HOLD_MS, 1.0) < 0)
		_exit(11);
	child_of_node(&h);
}

static void child_meter(job_func job)
{
	static struct host h;
	static struct pl_meter_node_area area;
	struct spa_dict_item items[] = {SPA_DICT_ITEM_INIT(PL_KEY_METER_PORTS, "2")};

	if (host_init_node(&h, PL_FACTORY_METER, &SPA_DICT_INIT_ARRAY(items), 2,
			   pl_host_cpu_flags()) < 0 ||
	    spa_node_set_io(h.node, PL_IO_METER_NODE, &area, sizeof(area)) < 0)
		_exit(10);
	if (host_set_double(&h, PL_PARAM_METER_TRUE_PEAK, 1.0) < 0)
		_exit(11);
	child_of_node(&h);
}

/** A digit in the midst of the noise now and then: the close look is taken, too. */
static void press(struct host *h, uint32_t cycle, uint32_t n_frames)
{
	for (uint32_t n = 0; (cycle >> 4) % 2u && n < n_frames; n++) {
		double t = 2.0 * M_PI * ((cycle % 16u) * 256.0 + n) / 48000.0;

		host_in(h, 0)[n] = (float)(0.3 * sin(770.0 * t) + 0.3 * sin(1477.0 * t));
	}
}

static void child_tone(job_func job)
{
	static struct host h;
	static const double page[] = {1, 1, 770, 1477, 0.2, 0.2, 10, 10};
	static const double filter[] = {1, 0, 300, 0};
	static const double find[] = {2, 0.2, 3};
	struct spa_dict_item items[] = {SPA_DICT_ITEM_INIT(PL_KEY_TONE_PORTS, "2")};
	struct host_props p;

	if (host_init_node(&h, PL_FACTORY_TONE, &SPA_DICT_INIT_ARRAY(items), 2,
			   pl_host_cpu_flags()) < 0)
		_exit(10);
	host_props_begin(&p);
	host_props_bits(&p, PL_PARAM_TONE_DTMF, 3);
	host_props_doubles(&p, PL_PARAM_TONE_PAGES, page, PL_TONE_PAGE_FIELDS);
	host_props_doubles(&p, PL_PARAM_TONE_FILTERS, filter, PL_TONE_FILTER_FIELDS);
	host_props_doubles(&p, PL_PARAM_TONE_FIND, find, PL_TONE_FIND_FIELDS);
	if (host_props_send(&h, &p) < 0)
		_exit(11);
	host_link(&h, SPA_DIRECTION_OUTPUT, 2, true);
	presser = press;
	child_of_node(&h);
}

static void child(job_func job)
{
	static struct host h;
	static struct events events;
	int32_t modes[16];
	struct host_props p;

	if (host_init(&h, "16", "4", pl_host_cpu_flags()) < 0)
		_exit(10);
	host_link_all(&h);
	make_events(&h, &events);
	h.control_size = 0;
	fill_inputs(&h, 1, 64);
	host_process(&h, 64, 48000);
	for (int32_t i = 0; i < 16; i++)
		modes[i] = i % PL_TALK_MODE_MAX_;
	/* The first watched cycle takes a new table and starts all ramps. */
	host_props_begin(&p);
	host_props_ints(&p, PL_PARAM_MODES, modes, 16);
	host_props_double(&p, PL_PARAM_HEADROOM_DB, 3.0);
	host_props_double(&p, PL_PARAM_PARTY_LINE, 0.0);
	host_props_double(&p, PL_PARAM_VOX_HANG_MS, 2.0);
	host_props_double(&p, PL_PARAM_VOX_THRESHOLD_DB, -20.0);
	if (host_props_send(&h, &p) < 0)
		_exit(11);
	h.n_logs = 0;
	if (forbid_syscalls() < 0)
		_exit(12);
	job(&h, &events);
	counts->n_logs = (uint32_t)h.n_logs;
	counts->n_bad_control = h.page->data.n_bad_control;
	counts->n_bad_samples = h.page->data.n_bad_samples;
	for (uint32_t t = 0; t < 16; t++)
		counts->keys |= h.page->data.keys[t];
	_exit(0);
}

/** @return the child's exit code, negative when it was killed */
static int watch_child(void (*run)(job_func job), job_func job)
{
	int status = 0;
	pid_t pid;

	memset(counts, 0, sizeof(*counts));
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run(job);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int watch(job_func job)
{
	return watch_child(child, job);
}

static void check_quiet(void)
{
	PL_CHECK_INT(counts->n_cycles, 500);
	PL_EXPECT(counts->loudest > 0.01f);
	if (counts->n_syscalls)
		printf("# last system call %d\n", counts->last_syscall);
	PL_CHECK_INT(counts->n_syscalls, 0);
	PL_CHECK_INT(counts->n_allocations, 0);
	PL_CHECK_INT(counts->n_locks, 0);
	PL_CHECK_INT(counts->n_logs, 0);
}

PL_TEST(the_gate_is_realtime_safe)
{
	PL_CHECK_INT(watch_child(child_gate, NULL), 0);
	check_quiet();
}

PL_TEST(the_meter_is_realtime_safe)
{
	PL_CHECK_INT(watch_child(child_meter, NULL), 0);
	check_quiet();
}

PL_TEST(the_tone_node_is_realtime_safe)
{
	PL_CHECK_INT(watch_child(child_tone, NULL), 0);
	check_quiet();
	PL_CHECK(counts->n_tones > 4);
}

PL_TEST(process_is_realtime_safe)
{
	PL_CHECK_INT(watch(run_cycles), 0);
	PL_CHECK_INT(counts->n_cycles, 500);
	PL_EXPECT(counts->n_bad_control > 0 && counts->n_bad_samples > 0);
	PL_EXPECT(counts->keys != 0 && counts->loudest > 0.01f);
	if (counts->n_syscalls)
		printf("# last system call %d\n", counts->last_syscall);
	PL_CHECK_INT(counts->n_syscalls, 0);
	PL_CHECK_INT(counts->n_allocations, 0);
	PL_CHECK_INT(counts->n_locks, 0);
	PL_CHECK_INT(counts->n_logs, 0);
}

static void sin_against_it(struct host *h, const struct events *events)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	void *volatile p;

	watched = true;
	p = malloc(10);
	free(p);
	pthread_mutex_lock(&mutex);
	syscall(SYS_getpid);
	watched = false;
	spa_log_warn(&h->log, "a line");
}

/* The watch itself sees what it is there for. */
PL_TEST(the_watch_sees)
{
	PL_CHECK_INT(watch(sin_against_it), 0);
	PL_CHECK_INT(counts->n_allocations, 2);
	PL_CHECK_INT(counts->n_locks, 1);
	PL_CHECK_INT(counts->n_syscalls, 1);
	PL_CHECK_INT(counts->last_syscall, SYS_getpid);
	PL_CHECK_INT(counts->n_logs, 1);
}

int main(int argc, char *argv[])
{
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (counts == MAP_FAILED)
		return 1;
	return pl_test_main(argc, argv);
}

#endif
