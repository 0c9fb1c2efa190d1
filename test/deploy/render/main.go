// Renders a Helm chart the way `helm template` does, with what Helm is made of:
// Go's text/template and the sprig functions, both of Debian. For tests, where
// Helm itself is not at hand; the chart's values and release come as JSON.
//
//	render CHART < {"Values": ..., "Release": ..., "Chart": ...}
//
// Prints the documents of all templates but NOTES.txt, which is only rendered.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

// toYaml and fromYaml go as those of Helm do: two spaces of indentation, no
// line break at the end, maps by string.
func toYaml(value interface{}) (string, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

func fromYaml(text string) (map[string]interface{}, error) {
	out := map[string]interface{}{}
	err := yaml.Unmarshal([]byte(text), &out)
	return out, err
}

func required(message string, value interface{}) (interface{}, error) {
	empty := value == nil || value == ""
	if list, ok := value.([]interface{}); ok && len(list) == 0 {
		empty = true
	}
	if empty {
		return nil, errors.New(message)
	}
	return value, nil
}

func run(chart string) error {
	var context map[string]interface{}
	if err := json.NewDecoder(os.Stdin).Decode(&context); err != nil {
		return err
	}
	root := template.New("chart").Option("missingkey=error")
	functions := sprig.TxtFuncMap()
	// As in Helm: what depends on the machine is not there.
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = toYaml
	functions["fromYaml"] = fromYaml
	functions["required"] = required
	functions["include"] = func(name string, data interface{}) (string, error) {
		var out strings.Builder
		err := root.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	root.Funcs(functions)
	files, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if _, err := root.New(file).Parse(string(text)); err != nil {
			return err
		}
	}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "_") {
			continue
		}
		var out strings.Builder
		if err := root.ExecuteTemplate(&out, file, context); err != nil {
			return err
		}
		if filepath.Ext(file) == ".yaml" {
			fmt.Printf("---\n# Source: %s\n%s\n", filepath.Base(file), out.String())
		}
	}
	return nil
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
