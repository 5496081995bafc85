//go:build !amd64 && !arm64

package fec

// multiplier is plain Go, in browsers above all: without assembly the library that other builds use keeps tables of 32 MB.
type multiplier = tables
