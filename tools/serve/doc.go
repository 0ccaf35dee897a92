// Package serve is what measures and maltreats dispcheck serve: load compares it with other servers, faults takes away what it stands
// on. Both start real processes on the loopback interface, take bounded time, and need Linux. From this folder:
//
//	go run ./load      # needs wrk; nginx and apache2 where they are there
//	go run ./faults    # a full disk needs root
//
// It is a module of its own, so that nothing here is a dependency of dispcheck.
package serve
