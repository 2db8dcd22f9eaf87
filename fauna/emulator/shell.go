package emulator

import (
	"context"
	"net/http"
	"strings"
)

// A ShellError is an answer that was an error.
type ShellError struct {
	Status      int    // of HTTP
	Code        string // of the first error
	Description string
	Statement   Statement // that was answered so
}

func (e *ShellError) Error() string { return e.Code + ": " + e.Description }

// Shell runs a text of one or more FQL expressions with a secret, each as a
// query of its own, and returns what the interactive Fauna shell prints: one
// answer under the other, without prompts. The error is a *TextError where the
// text is not FQL (nothing was run then), or a *ShellError where an answer was
// an error: the text returned ends with it, and what followed was not run.
func (s *Server) Shell(ctx context.Context, secret, fql string) (string, error) {
	statements, err := ParseStatements(fql)
	if err != nil {
		return "", err
	}
	var printed strings.Builder
	for _, statement := range statements {
		r := s.query(ctx, request{Secret: secret, Body: statement.JSON, APIVersion: "4", Timeout: defaultQueryTimeout})
		text, err := printAnswer(r, statement)
		printed.WriteString(text)
		if err != nil {
			return printed.String(), err
		}
	}
	return printed.String(), nil
}

// printAnswer prints one answer as the shell does, with a newline at the end.
func printAnswer(r response, statement Statement) (string, error) {
	body, err := parseJSON(r.Body)
	if err != nil {
		return string(r.Body) + "\n", &ShellError{r.Status, "unreadable answer", err.Error(), statement}
	}
	if r.Status < 300 && body.get("resource") != nil {
		return inspect(faunaValue(body.get("resource")), true) + "\n", nil
	}
	failure := &ShellError{Status: r.Status, Code: "error", Statement: statement}
	if list := body.get("errors"); list != nil && len(list.items) > 0 {
		if code := list.items[0].get("code"); code != nil {
			failure.Code = code.text
		}
		if description := list.items[0].get("description"); description != nil {
			failure.Description = description.text
		}
	}
	message := failure.Code
	if r.Status == http.StatusUnauthorized {
		message += ". Check that endpoint, schema, port and secret are correct during client’s instantiation"
	}
	return "Error: " + message + "\n" + inspect(plainValue(body), false) + "\n", failure
}
