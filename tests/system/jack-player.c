/* SPDX-License-Identifier: MIT */
#include <jack/jack.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A JACK program like any other: a tone on one output port, linked to the first input port whose
 * name holds the words given.
 *
 *   pw-jack partyline-jack-player "Partyline Tablet 1" FREQUENCY_HZ AMPLITUDE
 *
 * Prints `connected NAME` and plays until its standard input ends.
 */

struct player {
	jack_port_t *port;
	double phase, step, amplitude;
};

static int on_process(jack_nframes_t n_frames, void *data)
{
	struct player *player = data;
	float *out = jack_port_get_buffer(player->port, n_frames);

	for (jack_nframes_t i = 0; i < n_frames; i++) {
		out[i] = (float)(player->amplitude * sin(player->phase));
		player->phase = fmod(player->phase + player->step, 2.0 * M_PI);
	}
	return 0;
}

static int connect_to(jack_client_t *client, const struct player *player, const char *wanted)
{
	const char **names = jack_get_ports(client, NULL, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput);
	int r = -1;

	for (size_t i = 0; names && names[i]; i++) {
		if (!strstr(names[i], wanted))
			continue;
		r = jack_connect(client, jack_port_name(player->port), names[i]);
		if (r == 0)
			printf("connected %s\n", names[i]);
		break;
	}
	fflush(stdout);
	jack_free(names);
	return r;
}

int main(int argc, char *argv[])
{
	static struct player player;
	jack_client_t *client;
	char byte;
	int r;

	if (argc != 4)
		return EXIT_FAILURE;
	client = jack_client_open("jack-player", JackNoStartServer, NULL);
	if (!client)
		return EXIT_FAILURE;
	player.amplitude = strtod(argv[3], NULL);
	player.step = 2.0 * M_PI * strtod(argv[2], NULL) / jack_get_sample_rate(client);
	player.port =
		jack_port_register(client, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
	jack_set_process_callback(client, on_process, &player);
	if (!player.port || jack_activate(client) != 0)
		return EXIT_FAILURE;
	r = connect_to(client, &player, argv[1]);
	while (r == 0 && read(STDIN_FILENO, &byte, 1) > 0)
		;
	jack_client_close(client);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
