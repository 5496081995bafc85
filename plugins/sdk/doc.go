// Package sdk is all that the author of a plugin imports, beside the contract of its kind in core:
//
//	func main() {
//		if err := sdk.Serve(sdk.Transport("tcp", tcp.New)); err != nil {
//			fmt.Fprintln(os.Stderr, err)
//			os.Exit(1)
//		}
//	}
//
// The four kinds have one shape: a name and the factory of the contract. A program may serve several. The same
// factories can be linked into a host, so nothing in an implementation knows where it runs.
//
// A plugin ends when its host does, however that ended: Serve watches standard input and the parent process. It ignores
// interrupts, which a terminal sends to the whole process group: the host decides. What an implementation logs through
// the logger in its Config reaches the host's log with its level and attributes; a panic ends the process, and the
// host tells why.
package sdk
