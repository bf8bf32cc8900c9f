package forms

// Finding is one thing that keeps an application from being built. Code is
// stable; Field is the definition's field name; Label its words on the form;
// Message says in Japanese what is wrong and Remedy what to do. Source is the
// master-data key the value came from, empty for a value of the event.
type Finding struct{ Code, Field, Label, Message, Remedy, Source string }

// Rule describes one code that Fill can report: an English definition and
// where the requirement comes from.
type Rule struct{ Code, Definition, Source string }

// Codes are never reused; a code that falls out of use stays in the registry.
const (
	codeRequired      = "TODOKE-FORM-0001"
	codeMissingFact   = "TODOKE-FORM-0002"
	codeUnknownField  = "TODOKE-FORM-0003"
	codeHoldsNumber   = "TODOKE-FORM-0004"
	codeCharacter     = "TODOKE-FORM-0005"
	codeTooLong       = "TODOKE-FORM-0006"
	codeTooShort      = "TODOKE-FORM-0007"
	codeNotDigits     = "TODOKE-FORM-0008"
	codeNotDate       = "TODOKE-FORM-0009"
	codeEraColumn     = "TODOKE-FORM-0010"
	codeUnknownCode   = "TODOKE-FORM-0011"
	codeKana          = "TODOKE-FORM-0012"
	codeNameBlank     = "TODOKE-FORM-0013"
	codePhone         = "TODOKE-FORM-0014"
	codePostal        = "TODOKE-FORM-0015"
	code461           = "TODOKE-FORM-0016"
	codeAmountRange   = "TODOKE-FORM-0017"
	codeHours         = "TODOKE-FORM-0018"
	codeRoman         = "TODOKE-FORM-0019"
	codeSymbol        = "TODOKE-FORM-0020"
	codeResidenceCard = "TODOKE-FORM-0021"
	codeFlag          = "TODOKE-FORM-0022"
	codeNotAllowed    = "TODOKE-FORM-0023"
	codeBasicPension  = "TODOKE-FORM-0024"
	codeCodeText      = "TODOKE-FORM-0025"
	codeHierarchy     = "TODOKE-FORM-0026"
	codeCorporate     = "TODOKE-FORM-0027"
	codeEmail         = "TODOKE-FORM-0028"
	codeValidity      = "TODOKE-FORM-0029"
	codeOutsideEra    = "TODOKE-FORM-0030"
	codeAmount        = "TODOKE-FORM-0031"
	codeAtLeastOne    = "TODOKE-FORM-0040"
	codeSum           = "TODOKE-FORM-0041"
	codeNotBefore     = "TODOKE-FORM-0042"
	codeDayAfter      = "TODOKE-FORM-0043"
	codeSameDay       = "TODOKE-FORM-0044"
	codeAgeReached    = "TODOKE-FORM-0045"
	codeFlagAtAge     = "TODOKE-FORM-0046"
	codeAgeBetween    = "TODOKE-FORM-0047"
	codeWithin        = "TODOKE-FORM-0048"
	codeOneOf         = "TODOKE-FORM-0049"
	codeDifferent     = "TODOKE-FORM-0050"
	codeAllOrNone     = "TODOKE-FORM-0051"
)

// Source marks of the registry.
const (
	fromForm     = "the form's own columns"
	fromEGov     = "e-Gov help on usable characters and file formats"
	fromKousei   = "structure of the configuration file"
	fromPension  = "日本年金機構, check table of the electronic 届書"
	fromEmploy   = "雇用保険 forms and their instructions"
	fromLaw      = "law"
	fromPractice = "plausibility; our own"
	fromCustody  = "番号法, handling of numbers; our own"
)

var registry = []Rule{
	{codeRequired, "A column that must be filled is empty.", fromForm},
	{codeMissingFact, "Master data that a column needs is not registered.", fromForm},
	{codeUnknownField, "The event has a field that the procedure does not know, or that cannot be set by an event.", fromPractice},
	{codeHoldsNumber, "A value could hold a twelve-digit number where none belongs.", fromCustody},
	{codeCharacter, "A character lies outside JIS X 0208 levels 1 and 2.", fromEGov},
	{codeTooLong, "A text or number is longer than its column.", fromForm},
	{codeTooShort, "A number has fewer digits than its column asks for.", fromForm},
	{codeNotDigits, "A column of digits holds something else.", fromForm},
	{codeNotDate, "A value is not a real date.", fromForm},
	{codeEraColumn, "The date's era is not one that the column offers.", fromForm},
	{codeUnknownCode, "A value is not in the code list of its column.", fromForm},
	{codeKana, "A kana column holds characters other than full-width katakana and its signs.", fromForm},
	{codeNameBlank, "A name has no blank between family name and given name.", fromPension},
	{codePhone, "A telephone number cannot be split into three parts.", fromForm},
	{codePostal, "A postal code does not have seven digits.", fromKousei},
	{code461, "A number of the employment insurance does not have 4, 6 and 1 digits.", fromEmploy},
	{codeAmountRange, "An amount lies outside the range of its column.", fromForm},
	{codeHours, "Working hours are not hours and minutes within the column's range.", fromEmploy},
	{codeRoman, "A name in Roman letters is not two words of capital letters.", fromEmploy},
	{codeSymbol, "The 事業所記号 holds characters other than katakana, capital letters and digits.", fromPension},
	{codeResidenceCard, "A residence card number is not two letters, eight digits, two letters.", fromEmploy},
	{codeFlag, "A check box is neither ticked nor empty.", fromForm},
	{codeNotAllowed, "A column is filled although another column rules it out.", fromForm},
	{codeBasicPension, "A 基礎年金番号 does not have ten digits or has a part of zeros only.", fromPension},
	{codeCodeText, "An identifier has the wrong length or characters.", fromKousei},
	{codeHierarchy, "A destination name is not two or three levels between commas.", fromKousei},
	{codeCorporate, "A 法人番号 does not have thirteen digits with a valid check digit.", fromLaw},
	{codeEmail, "A mail address is malformed.", fromKousei},
	{codeValidity, "The procedure is not in force on the day of filing.", fromForm},
	{codeOutsideEra, "A date lies outside the limits of its era.", fromLaw},
	{codeAmount, "An amount is not a whole number.", fromForm},
	{codeAtLeastOne, "None of several check boxes is ticked.", fromForm},
	{codeSum, "A total is not the sum of its parts.", fromPension},
	{codeNotBefore, "A date lies before one that must precede it.", fromForm},
	{codeDayAfter, "A date is not the day after another.", fromPension},
	{codeSameDay, "Two dates that must agree differ.", fromPension},
	{codeAgeReached, "An age that the filing presupposes is not reached on the day.", fromLaw},
	{codeFlagAtAge, "An age is reached on the day but the column that says so is not ticked.", fromLaw},
	{codeAgeBetween, "The age on the day is implausible.", fromPractice},
	{codeWithin, "A date is implausibly far from the day of filing.", fromPractice},
	{codeOneOf, "A column holds a value that another column rules out.", fromPension},
	{codeDifferent, "Two columns that must differ are equal.", fromForm},
	{codeAllOrNone, "Columns that go together are filled only in part.", fromForm},
}

// Rules lists every code in order, for the generated page of codes.
func Rules() []Rule { return append([]Rule(nil), registry...) }
