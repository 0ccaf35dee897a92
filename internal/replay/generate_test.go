package replay_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
)

// generateLog writes a log in the combined format, always the same for the same numbers: requests of pages, images, client
// libraries and what scanners try, by Zipf's law over so many paths, one in seven with a query.
func generateLog(w io.Writer, lines, paths int) error {
	rnd := rand.New(rand.NewPCG(11, 7))
	zipf := rand.NewZipf(rnd, 1.08, 8, uint64(paths-1))
	agents := []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
		"ExampleBot/2.1 (+https://bot.example.com/about)",
	}
	params := []string{"utm_source=mail", "utm_campaign=autumn", "gclid=%d", "fbclid=%d", "q=word%d", "page=%d"}
	b := bufio.NewWriterSize(w, 1<<20)
	for i := range lines {
		n := int(zipf.Uint64())
		method, target := "GET", ""
		switch n % 16 {
		case 0, 1, 2, 3, 4, 5, 6:
			target = fmt.Sprintf("/content/wknd/us/en/section-%d/article-%d.html", n%37, n)
		case 7, 8, 9:
			target = fmt.Sprintf("/content/dam/wknd/images/%d/photo-%d.jpg", n%101, n)
		case 10, 11:
			target = fmt.Sprintf("/etc.clientlibs/wknd/clientlibs/clientlib-%d.lc-%08x-lc.min.css", n%53, n)
		case 12:
			target = fmt.Sprintf("/content/wknd/us/en/products/list-%d.model.json", n)
		case 13:
			target = fmt.Sprintf("/us/en/magazine/story-%d.html", n)
		case 14:
			target = fmt.Sprintf("/content/wknd/us/en/search-%d", n)
		default:
			target = fmt.Sprintf("/system/console/bundles/%d.json", n)
		}
		if rnd.IntN(7) == 0 {
			param := params[rnd.IntN(len(params))]
			if k := rnd.IntN(40); param[len(param)-1] == 'd' {
				param = fmt.Sprintf(param, k)
			}
			target += "?" + param
		}
		if n%211 == 0 {
			method = "POST"
		}
		status := 200
		if n%16 == 15 {
			status = 404
		}
		second := i / 700
		fmt.Fprintf(b, "198.51.%d.%d - - [10/Oct/2026:%02d:%02d:%02d +0200] \"%s %s HTTP/1.1\" %d %d \"https://www.wknd.example/us/en.html\" \"%s\"\n",
			rnd.IntN(256), rnd.IntN(256), second/3600%24, second/60%60, second%60, method, target, status, 1000+rnd.IntN(90000), agents[rnd.IntN(len(agents))])
	}
	return b.Flush()
}
