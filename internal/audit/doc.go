// Package audit says which requests of known attacks a configuration lets through. [Probes] are the requests of public security
// checklists and scanners; operators disguise each of them in the ways that scanners know. [Run] puts all of them through a
// whole site and judges by what a render would be asked in the end: a request is exposed where AEM would find what the probe is
// after. What got through is put together by the rule that let it, and for each rule one or more rules are proposed that deny
// all of it and no control, which is tried. Nothing is sent anywhere: a [Controls] request that is answered, and a probe that is
// not, are both verdicts of the model.
//
// The data is in the files *.tsv, read when it is first asked for.
package audit
