/* Answers questions about regular expressions with libpcre2, for pcre2_test.go.
 *
 * In:  P<options> <hex of a pattern>   options: i, m, s (no dotall), d (dollar before a final newline)
 *      S <hex of a subject>
 *      Without start optimizations: those of 10.42 lose matches, /(?=a)[ab]?a/ on "a" for one.
 * Out: ok <groups> | no <error> <offset>
 *      yes <start> <end> ... | not | limit | error <code>
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t unhex(const char *hex, unsigned char *out) {
    size_t n = 0;
    unsigned int c;
    while (sscanf(hex, "%2x", &c) == 1) {
        out[n++] = (unsigned char)c;
        hex += 2;
    }
    return n;
}

int main(void) {
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    pcre2_code *code = NULL;
    pcre2_match_data *data = NULL;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(context, 1000000);
    while ((len = getline(&line, &cap, stdin)) > 0) {
        unsigned char *bytes;
        char *hex;
        size_t n;
        if (line[len - 1] == '\n')
            line[--len] = 0;
        hex = strchr(line, ' ');
        bytes = malloc((size_t)len + 1);
        n = unhex(hex + 1, bytes);
        if (line[0] == 'P') {
            uint32_t options = PCRE2_DUPNAMES | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NO_START_OPTIMIZE;
            uint32_t groups = 0;
            int error;
            char *o;
            PCRE2_SIZE offset;
            for (o = line + 1; o < hex; o++) {
                if (*o == 'i')
                    options |= PCRE2_CASELESS;
                else if (*o == 'm')
                    options |= PCRE2_MULTILINE;
                else if (*o == 's')
                    options &= ~(uint32_t)PCRE2_DOTALL;
                else if (*o == 'd')
                    options &= ~(uint32_t)PCRE2_DOLLAR_ENDONLY;
            }
            if (code) {
                pcre2_match_data_free(data);
                pcre2_code_free(code);
            }
            code = pcre2_compile(bytes, n, options, &error, &offset, NULL);
            if (code) {
                data = pcre2_match_data_create_from_pattern(code, NULL);
                pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
                printf("ok %u\n", groups);
            } else {
                printf("no %d %lu\n", error, (unsigned long)offset);
            }
        } else if (!code) {
            printf("not\n");
        } else {
            int rc = pcre2_match(code, bytes, n, 0, 0, data, context);
            if (rc == PCRE2_ERROR_NOMATCH) {
                printf("not\n");
            } else if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT) {
                printf("limit\n");
            } else if (rc < 0) {
                printf("error %d\n", rc);
            } else {
                PCRE2_SIZE *v = pcre2_get_ovector_pointer(data);
                uint32_t i, all = pcre2_get_ovector_count(data);
                printf("yes");
                for (i = 0; i < 2 * all; i++)
                    printf(" %ld", i < 2 * (uint32_t)rc && v[i] != PCRE2_UNSET ? (long)v[i] : -1L);
                printf("\n");
            }
        }
        free(bytes);
    }
    return 0;
}
