// Package internet is one, in user space, for tests: machines in network namespaces of their own, some with an address that
// everybody reaches, others in homes behind a NAT of any type.
//
//	namespace            this process                       namespace
//	machine --[tun]--> | home: NAT | router | home: NAT | --[tun]--> machine
//	machine --[tun]--> |           |        |
//	                               |        | --[tun]--> machine of its own address
//
// Real programs run on the machines and use real sockets; every packet that leaves one comes here, is translated as RFC 4787 says
// that the home's NAT does, and goes to the machine that has its destination, or is dropped. Nothing of the host is changed or
// can be reached, and nothing is left when the process ends, however it does.
//
// IPv4 alone, UDP and TCP, no fragments. There is no delay beyond the scheduling of goroutines.
//
// A machine needs Linux, /dev/net/tun, the command ip, and the right to make network namespaces: root, or a user namespace. NAT itself
// is plain code without any.
package internet
