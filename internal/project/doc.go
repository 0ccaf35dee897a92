// Package project finds a Dispatcher configuration, says of what kind it is, and loads it: parse, put in
// includes and variables, decode. It knows the layouts (AEM as a Cloud Service, Adobe Managed Services,
// an httpd of one's own), where variables come from and what the platforms set.
//
// [Find] looks only at names and is quick; [Load] does the rest and gives a [Project], after which
// nothing is read and nothing changes. What is wrong with a configuration stands in Project.Findings;
// the error of Load says only that there is nothing to work with. What keeps a Dispatcher from starting
// although the rest could be read (a missing include, a cycle, a bound) stands in Project.Tree.Fatal:
// commands print the findings, go on, and exit with 2.
//
// Layouts: AdobeDocs/experience-manager-cloud-service.en, disp-overview.md; adobe/aem-project-archetype,
// dispatcher.cloud and dispatcher.ams; AdobeDocs/experience-manager-learn.en, explanation-config-files.md.
package project
