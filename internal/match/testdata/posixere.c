/* posixere answers, for patterns and subjects, what the C library's regcomp(REG_EXTENDED) makes of them.
 *
 * It reads lines of hexadecimal digits after a letter: "P" a pattern, "S" or "B" a subject for the last pattern. For
 * each it writes a line. For a pattern: "ok" or "refused", twice: as it stands, and between "^(" and ")$". For a
 * subject: "yes" or "no", twice: whether the leftmost longest match of the pattern as it stands is the whole subject,
 * and whether the wrapped pattern matches at all. "-" is written where the pattern was refused, and for the wrapped
 * pattern unless the letter is "B". A pattern that takes more than a tenth of a second of processor time ends the program
 * with status 3: some make glibc run for hours.
 */
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef __GLIBC__
#error "this is not glibc"
#endif

static char *unhex(const char *hex)
{
	size_t n = strlen(hex) / 2;
	char *out = malloc(n + 1);
	for (size_t i = 0; i < n; i++) {
		unsigned int byte = 0;
		sscanf(hex + 2 * i, "%2x", &byte);
		out[i] = (char)byte;
	}
	out[n] = 0;
	return out;
}

static void too_slow(int signal)
{
	(void)signal;
	fflush(stdout); /* the signal comes inside the matcher, never inside stdio */
	_exit(3);
}

int main(void)
{
	const struct itimerval tenth_second = { { 0, 0 }, { 0, 100000 } };
	regex_t bare, wrapped;
	int bare_ok = 0, wrapped_ok = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	signal(SIGVTALRM, too_slow);
	while ((len = getline(&line, &room, stdin)) > 0) {
		line[strcspn(line, "\n")] = 0;
		char *text = unhex(line + 1);
		if (line[0] == 'P') {
			setitimer(ITIMER_VIRTUAL, &tenth_second, NULL);
			if (bare_ok)
				regfree(&bare);
			if (wrapped_ok)
				regfree(&wrapped);
			char *inside = malloc(strlen(text) + 5);
			sprintf(inside, "^(%s)$", text);
			bare_ok = regcomp(&bare, text, REG_EXTENDED) == 0;
			wrapped_ok = regcomp(&wrapped, inside, REG_EXTENDED | REG_NOSUB) == 0;
			free(inside);
			printf("%s %s\n", bare_ok ? "ok" : "refused", wrapped_ok ? "ok" : "refused");
		} else {
			regmatch_t m;
			const char *whole = "-", *anchored = "-";
			if (bare_ok)
				whole = regexec(&bare, text, 1, &m, 0) == 0 && m.rm_so == 0 && m.rm_eo == (regoff_t)strlen(text) ? "yes" : "no";
			if (wrapped_ok && line[0] == 'B')
				anchored = regexec(&wrapped, text, 0, NULL, 0) == 0 ? "yes" : "no";
			printf("%s %s\n", whole, anchored);
		}
		free(text);
	}
	return 0;
}
