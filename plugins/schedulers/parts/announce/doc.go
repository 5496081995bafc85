// Package announce tells lazy subscribers what is held. An announcement costs the same whatever it holds, so it goes to a
// few neighbours at the interval that was asked for, and less often to those that come after.
package announce
