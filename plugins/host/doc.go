// Package host starts plugin processes, watches over them, and hands out their implementations as the contracts of core.
//
//	spec -> verify file -> spawn -> handshake -> describe -> [process] -> instances (package bridge)
//	          refused      locked    go-plugin,    kind and      |
//	                       thread    AutoMTLS      name          +- died -> event, back-off, breaker -> spawn
//
// A transport has a process of its own. Policies, ingests and egresses of one spec share one, which ends when the last
// of them has. What is handed out is one life: when its process dies, Run (of a policy: Done) ends at once with
// bridge.ErrPluginDied, and the caller asks for another, which waits out the back-off: 100 ms, doubling to 5 s,
// beginning anew after 10 s of health. After 8 failures in a row the breaker opens: for 30 s every request fails
// at once, until Reset.
//
// # What a plugin gets
//
// A clean environment: the handshake's variables, a fixed PATH, and what Spec.Env allows. Its own process group, no terminal, and a
// private folder for its sockets. Its standard error is logged, with the plugin's name. It never outlives the host: it ends with its
// standard input, and where the kernel offers it (Linux) is killed with the thread that started it, which
// lives as long as Run does. Its file must not be writable by others, and match the pinned checksum if there is one.
package host
