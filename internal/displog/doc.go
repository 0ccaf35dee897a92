// Package displog reads and writes dispatcher.log, line by line: the forms that releases of the module have had, and the
// one of AEM as a Cloud Service. A [Line] is the head of a line and its message; [Line.Fields] says what a message that is
// known is about. It knows nothing of requests that are simulated. Start from [Parse] and [Format].
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md, security-checklist.md and
// dispatcher-domains.md; AdobeDocs/experience-manager-learn.en, common-logs.md; adobe/aem-dispatcher-experiments;
// AdobeDocs/experience-manager-cloud-service.en, logging.md.
package displog
