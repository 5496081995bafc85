package main

type pluginCommand struct {
	Serve pluginServe `cmd:"" hidden:"" help:"Serve a built-in plugin to the process that started this one."`
}

type pluginServe struct {
	Kind string `arg:""`
	Name string `arg:""`
}
