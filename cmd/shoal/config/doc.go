// Package config reads shoal.yml: one commented camelCase file, Go durations, rates in bits per second, every
// key with a default, every key overridable from the environment (SHOAL_MEDIAMTX_API for mediamtx.api). An error names the
// file, the line, the key, and what would be right.
package config
