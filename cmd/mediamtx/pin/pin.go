// Package pin holds the version of MediaMTX that we run, in its go.mod and
// go.sum, and no code.
//
// go.sum has two lines and needs no more. They vouch for MediaMTX's source
// archive, which carries MediaMTX's own go.sum, and that one vouches for every
// dependency when the copied source is built. One of those dependencies is
// missing from the public checksum database, so a go.sum that we completed
// ourselves could not be had.
package pin
