// Package host starts plugin processes, watches over them, and hands out their implementations as the contracts of core.
//
//	spec -> verify file -> spawn -> handshake -> describe -> [process] -> instances (package bridge)
//	          refused      locked    go-plugin,    kind and      |
//	                       thread    AutoMTLS      name          +- died -> event, back-off, breaker -> spawn
//
// A transport has a process of its own. Policies, ingests and egresses of one spec share one, which ends when the last
// of them has. What is handed out is one life: when its process dies, Run (of a policy: Done) ends at once with
// bridge.ErrPluginDied, and the caller asks for another, which waits out the back-off: none after 1 s of health, else 100 ms,
// doubling to 5 s. After 8 failures with less than 3 s of health the breaker opens: for 30 s every request fails at once, until
// Reset. A transport has another process in reserve, ready and without an instance, that takes the place of one that dies (standby.go).
//
// # What a plugin gets
//
// A clean environment: the handshake's variables, a fixed PATH, LANG=C.UTF-8, HOME and TMPDIR in its private folder, and what
// Spec.Env allows, which rules. Its own process group, no terminal, and a private folder, which goes with it. Its standard error is
// logged, with the plugin's name. It never outlives the host: it ends with its
// standard input, and where the kernel offers it (Linux) is killed with the thread that started it, which
// lives as long as Run does. Its file must not be writable by others, and match the pinned checksum if there is one.
//
// On Linux it has no way to gain privileges, none of root's beyond three, and is held to Spec.Limits: descriptors by the kernel;
// memory by a look five times a second and, against what grows faster, a bound of the kernel's; processor time by
// stopping it for as long as it has had too much. core/DECISIONS.md says why not by cgroups, and what this is not: a sandbox.
package host
