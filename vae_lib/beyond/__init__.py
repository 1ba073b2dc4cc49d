"""Beyond the plain VAE, a module for each chapter from lecture 8 on. It builds on the core, which never imports it.

conditional       decoders and encoders that are told the class                      lecture 8
completion        pictures of which some quadrants are missing                       lecture 8
disentangling     the KL taken apart, β-VAE and TC-VAE, the mutual information gap   lecture 9
sprites           pictures drawn by code from known factors                         lecture 9
flows             exact likelihoods, posteriors that bend, priors that fit           lecture 10
flow_terms        points through the layers, and their density                       lecture 10
flow_layers       the layers of a flow: planar, affine coupling, triangular          lecture 10
semi_supervised   M1, M2 and both together                                           lecture 11
label_bounds      bounds where some labels are known                                 lecture 11
sequences         a code for each sentence, and cures for a code that is not used    lecture 12
sequence_terms    what a sentence costs, and the cures                               lecture 12
grammar           sentences whose probabilities and entropy are known exactly        lecture 12
graphs            a code for each node of a graph, or one for a whole molecule       lecture 12
molecules         all small molecules, counted, and what is measured of them         lecture 12
fonts             letters of sixteen typefaces, bold and italic as directions        lecture 12
"""
