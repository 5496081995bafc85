package sdk

// NewLogger is newLogger.
var NewLogger = newLogger
