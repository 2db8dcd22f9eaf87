package fql

import (
	"slices"
	"strings"
)

// callForm is the wire form of a call in FQL text: an object with one member
// per argument.
type callForm struct {
	name   string
	fields []callField // in the order of the members
}

// callField is one member of a form.
type callField struct {
	key string
	at  int // the argument's position in a call
	// kind says how the Fauna shell's driver (JavaScript, 4.8) builds the
	// member from the argument:
	//
	//	' '  required
	//	'?'  omitted if null or not given
	//	'+'  omitted if not given
	//	'~'  null if not given
	//	'-'  takes no argument, always null
	//	'*'  takes the rest: a single one unchanged, several as an array
	//	'@'  takes the rest as an array
	kind byte
}

// callForms are the calls of FQL v4. Each text is a function's name and the
// keys of its form with their kinds; =N is the position of an argument whose
// position differs from its key's. Let, Paginate, objects and bytes are handled
// separately.
func callForms() []callForm {
	var forms []callForm
	for _, text := range []string{
		"Ref ref id", "Abort abort", "At at expr", "Var var", "If if then else", "Do do@", "Call call arguments*", "Query query", "Lambda lambda expr",
		"Map map=1 collection=0", "Foreach foreach=1 collection=0", "Filter filter=1 collection=0", "Take take collection", "Drop drop collection",
		"Prepend prepend collection", "Append append collection", "IsEmpty is_empty", "IsNonEmpty is_nonempty", "IsNumber is_number",
		"IsDouble is_double", "IsInteger is_integer", "IsBoolean is_boolean", "IsNull is_null", "IsBytes is_bytes", "IsTimestamp is_timestamp",
		"IsDate is_date", "IsString is_string", "IsArray is_array", "IsObject is_object", "IsRef is_ref", "IsSet is_set", "IsDoc is_doc",
		"IsLambda is_lambda", "IsCollection is_collection", "IsDatabase is_database", "IsIndex is_index", "IsFunction is_function", "IsKey is_key",
		"IsToken is_token", "IsCredentials is_credentials", "IsRole is_role", "Get get ts?", "KeyFromSecret key_from_secret",
		"Reduce reduce initial collection", "Exists exists ts?", "Create create params+", "Update update params", "Replace replace params",
		"Delete delete", "Insert insert ts action params", "Remove remove ts action", "CreateClass create_class",
		"CreateCollection create_collection", "CreateDatabase create_database", "CreateIndex create_index", "CreateKey create_key",
		"CreateFunction create_function", "CreateRole create_role", "CreateAccessProvider create_access_provider", "Singleton singleton",
		"Events events", "Match match terms*", "Union union*", "Merge merge with lambda?", "Intersection intersection*", "Difference difference*",
		"Distinct distinct", "Join join with", "Range range from to", "Login login params", "Logout logout", "Identify identify password",
		"Identity identity-", "CurrentIdentity current_identity-", "HasIdentity has_identity-", "HasCurrentIdentity has_current_identity-",
		"CurrentToken current_token-", "HasCurrentToken has_current_token-", "Concat concat separator?", "Casefold casefold normalizer?",
		"ContainsStr containsstr search", "ContainsStrRegex containsstrregex pattern", "StartsWith startswith search", "EndsWith endswith search",
		"FindStr findstr find start?", "FindStrRegex findstrregex pattern start? num_results?", "Length length", "LowerCase lowercase",
		"LTrim ltrim", "NGram ngram min? max?", "Repeat repeat number?", "ReplaceStr replacestr find replace",
		"ReplaceStrRegex replacestrregex pattern replace first?", "RegexEscape regexescape", "RTrim rtrim", "Space space",
		"SubString substring start? length?", "TitleCase titlecase", "Trim trim", "UpperCase uppercase", "Format format values*", "Time time",
		"TimeAdd time_add offset unit", "TimeSubtract time_subtract offset unit", "TimeDiff time_diff other unit", "Epoch epoch unit", "Date date",
		"Now now-", "NextId next_id-", "NewId new_id-", "Database database scope+", "Index index scope+", "Class class scope+",
		"Collection collection scope+", "Function function scope+", "Role role scope?", "AccessProvider access_provider",
		"AccessProviders access_providers~", "Classes classes~", "Collections collections~", "Databases databases~", "Indexes indexes~",
		"Functions functions~", "Roles roles~", "Keys keys~", "Tokens tokens~", "Credentials credentials~", "Equals equals*",
		"Contains contains in", "ContainsPath contains_path in", "ContainsField contains_field in", "ContainsValue contains_value in",
		"Select select from default+", "SelectAll select_all from", "Abs abs", "Add add*", "BitAnd bitand*", "BitNot bitnot", "BitOr bitor*",
		"BitXor bitxor*", "Ceil ceil", "Divide divide*", "Floor floor", "Max max*", "Min min*", "Modulo modulo*", "Multiply multiply*",
		"Round round precision?", "Subtract subtract*", "Sign sign", "Sqrt sqrt", "Trunc trunc precision?", "Count count", "Sum sum", "Mean mean",
		"Any any", "All all", "Acos acos", "Asin asin", "Atan atan", "Cos cos", "Cosh cosh", "Degrees degrees", "Exp exp", "Hypot hypot b?",
		"Ln ln", "Log log", "Pow pow exp?", "Radians radians", "Sin sin", "Sinh sinh", "Tan tan", "Tanh tanh", "LT lt*", "LTE lte*", "GT gt*",
		"GTE gte*", "And and*", "Or or*", "Not not", "ToString to_string", "ToNumber to_number", "ToObject to_object", "ToArray to_array",
		"ToDouble to_double", "ToInteger to_integer", "ToTime to_time", "ToSeconds to_seconds", "ToMillis to_millis", "ToMicros to_micros",
		"DayOfMonth day_of_month", "DayOfWeek day_of_week", "DayOfYear day_of_year", "Second second", "Minute minute", "Hour hour", "Month month",
		"Year year", "ToDate to_date", "MoveDatabase move_database to", "Documents documents", "Reverse reverse",
	} {
		words := strings.Fields(text)
		form := callForm{name: words[0]}
		for i, word := range words[1:] {
			field := callField{key: strings.TrimRight(word, "?+~-*@"), kind: ' ', at: i}
			if len(field.key) < len(word) {
				field.kind = word[len(word)-1]
			}
			if key, position, found := strings.Cut(field.key, "="); found {
				field.key, field.at = key, int(position[0]-'0')
			}
			form.fields = append(form.fields, field)
		}
		forms = append(forms, form)
	}
	return forms
}

// formsByKey returns the forms by each of their keys, with their fields in the
// order of a call's arguments.
func formsByKey() map[string][]callForm {
	byKey := map[string][]callForm{}
	for _, form := range callForms() {
		slices.SortFunc(form.fields, func(a, b callField) int { return a.at - b.at })
		for _, field := range form.fields {
			byKey[field.key] = append(byKey[field.key], form)
		}
	}
	return byKey
}

// formsByName returns the forms by function name.
func formsByName() map[string]callForm {
	byName := map[string]callForm{}
	for _, form := range callForms() {
		byName[form.name] = form
	}
	for _, special := range []string{"Let", "Paginate", "Object", "Bytes"} {
		byName[special] = callForm{name: special}
	}
	return byName
}

// fits reports whether an object matches the form: all required members, and no
// unknown ones.
func (f callForm) fits(n *Node) bool {
	known := 0
	for _, field := range f.fields {
		switch {
		case n.Member(field.key) != nil:
			known++
		case field.kind != '?' && field.kind != '+' && field.kind != '*':
			return false
		}
	}
	return known == len(n.Keys)
}
