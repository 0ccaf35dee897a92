// Package browser looks at the live page of dispcheck serve as people do: with a browser. It is a module of its own, so that
// what drives the browser is nobody else's dependency.
//
//	go test .            # skipped where there is no Chromium; DISPCHECK_BROWSER names one that is elsewhere
//	go test . -update    # makes the pictures of docs/images again
//
// Each test starts the built command on a copy of the embedded example, on free ports of this machine, and a browser with a
// profile of its own. Nothing else is reached.
package browser
