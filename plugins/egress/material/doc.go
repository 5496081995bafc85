// Package material gives the tests of egresses real media: the bundled clips, packaged as a source packages them, and
// real players to judge what comes out. Only tests and `shoal plugin test` import it.
package material
