// Package scaffold writes a plugin to begin with: a Go module of a third party that builds, keeps the contract of its kind, and
// does something real.
//
// The files are templates in a folder a kind, and one that all share, embedded in the binary. They end in .tmpl so that no
// tool takes them for packages of this module; their delimiters are [[ and ]], which Go source does without.
package scaffold
