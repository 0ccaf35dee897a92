// Package apexpr reads and evaluates the expressions of Apache httpd: what stands in <If> and <ElseIf>, behind
// Require expr, RewriteCond expr and SetEnvIfExpr, and behind expr= in Header and RequestHeader. It knows no directives:
// undo the quotes of an argument first. Start from [Parse] for a condition and from [ParseText] for a text with %{…} in
// it; both give an [Expr], which is evaluated over a [Source].
//
// Grammar and meaning are those of Apache HTTP Server 2.4, "Expressions in Apache HTTP Server" (docs/2.4/expr.html), and
// of what httpd 2.4.71 was seen to do where that page says nothing. Nothing is guessed: what needs something that the
// source does not know ends in a [NotSimulated] error, unless the other operand of '&&' or '||' settles the matter.
package apexpr
