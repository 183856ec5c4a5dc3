# Reproduces reliability.json. Run in this folder: Rscript reliability.R
# Versions used: R 4.2.2, psych 2.2.9, lavaan 0.6-14, semTools 0.5-6.
suppressMessages({library(psych); library(lavaan); library(semTools); library(jsonlite)})

bfi <- read.csv("data/bfi.csv")[, 1:25]
reversed <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
keyed <- bfi
keyed[reversed] <- 7 - keyed[reversed]
keyed <- na.omit(keyed)
sim <- read.csv("data/sim52.csv")
full <- read.csv("data/sim52_full.csv")
full <- full[grep("^C[0-9]_", names(full))]
agree <- transform(bfi[1:5], A1 = 7 - A1)
sets <- list(agree = na.omit(agree), neuroticism = na.omit(bfi[16:20]), c1 = na.omit(sim[grep("^C1_", names(sim))]))
gaps <- list(agree = agree, neuroticism = bfi[16:20], c1 = sim[grep("^C1_", names(sim))])
entry <- function(dataset, call, value, note = "") list(dataset = dataset, call = call, value = value, note = note)

alphas <- function(x) {
  a <- alpha(x, check.keys = FALSE)
  f <- alpha.ci(a$total$raw_alpha, n.obs = nrow(x), n.var = ncol(x))
  list(raw = a$total$raw_alpha, standardised = a$total$std.alpha, mean_r = a$total$average_r, lower = f$lower.ci,
       upper = f$upper.ci, dropped = a$alpha.drop$raw_alpha)
}
one_factor <- function(x, ...) cfa(paste("f =~", paste(names(x), collapse = "+")), x, std.lv = TRUE, ...)
categorical <- function(x) one_factor(x, ordered = names(x), estimator = "WLSMV")
factors <- function(x) {
  prefix <- sub("_?[0-9]+$", "", names(x))
  paste(tapply(names(x), prefix, function(i) paste0("f", sub("_?[0-9]+$", "", i[1]), " =~ ", paste(i, collapse = "+"))),
        collapse = "\n")
}
loadings_of <- function(fit) {
  s <- standardizedSolution(fit)
  s <- s[s$op == "=~", ]
  setNames(as.list(s$est.std), s$rhs)
}
whole <- list(bfi = keyed, sim52 = full)
ratios <- function(x, ...) {
  h <- unclass(htmt(factors(x), x, ...))
  list(names = rownames(h), lower = h[lower.tri(h)])
}
schmid <- function(x, k) {
  o <- suppressWarnings(omega(x, nfactors = k, plot = FALSE))
  list(omega_h = o$omega_h, omega_total = o$omega.tot, ecv = o$ECV, general = as.numeric(o$schmid$sl[, "g"]),
       items = rownames(o$schmid$sl), communality = as.numeric(o$schmid$sl[, "h2"]))
}

results <- list()
for (s in names(sets)) {
  results[[paste0("alpha_", s)]] <- entry(paste(s, "complete rows"), "psych::alpha(x, check.keys = FALSE); psych::alpha.ci", alphas(sets[[s]]))
  results[[paste0("alpha_pairwise_", s)]] <- entry(s, "psych::alpha(x, check.keys = FALSE)", alphas(gaps[[s]]),
                                                   "pairwise covariances; the interval takes all rows as n")
  results[[paste0("ordinal_alpha_", s)]] <- entry(paste(s, "complete rows"), "psych::alpha(lavaan::lavCor(x, ordered = names(x)))",
    alpha(unclass(lavCor(sets[[s]], ordered = names(sets[[s]]), output = "cor")), check.keys = FALSE)$total$raw_alpha)
  fit <- one_factor(sets[[s]])
  ordered_fit <- categorical(sets[[s]])
  results[[paste0("omega_", s)]] <- entry(paste(s, "complete rows"), "lavaan::cfa(one factor); semTools::reliability",
    list(loadings = loadings_of(fit), unstandardised = as.numeric(lavInspect(fit, "est")$lambda),
         residuals = as.numeric(diag(lavInspect(fit, "est")$theta)),
         table = as.list(suppressMessages(suppressWarnings(reliability(fit)))[, 1])))
  results[[paste0("omega_categorical_", s)]] <- entry(paste(s, "complete rows"),
    "lavaan::cfa(one factor, ordered, WLSMV); semTools::compRelSEM, AVE",
    list(loadings = loadings_of(ordered_fit), ordinal_scale = as.numeric(compRelSEM(ordered_fit)),
         ordinal_scale_implied = as.numeric(compRelSEM(ordered_fit, obs.var = FALSE)),
         latent_scale = as.numeric(compRelSEM(ordered_fit, ord.scale = FALSE)), ave = as.numeric(AVE(ordered_fit))))
}
for (s in names(whole)) {
  fit <- cfa(factors(whole[[s]]), whole[[s]])
  results[[paste0("composite_", s)]] <- entry(paste(s, "complete rows, reversed items keyed"), "lavaan::cfa; semTools::compRelSEM, AVE",
    list(loadings = loadings_of(fit), latent = names(compRelSEM(fit)), omega = as.numeric(compRelSEM(fit)), ave = as.numeric(AVE(fit)),
         unstandardised = as.list(setNames(parameterEstimates(fit)$est[parameterEstimates(fit)$op == "=~"], names(whole[[s]]))),
         residuals = as.list(diag(lavInspect(fit, "est")$theta)), factor_variances = as.list(diag(lavInspect(fit, "est")$psi))))
  results[[paste0("htmt2_", s)]] <- entry(s, "semTools::htmt(model, x)", ratios(whole[[s]]), "geometric means; lower triangle")
  results[[paste0("htmt_", s)]] <- entry(s, "semTools::htmt(model, x, htmt2 = FALSE)", ratios(whole[[s]], htmt2 = FALSE),
                                         "arithmetic means of absolute correlations; lower triangle")
}
set.seed(1)
results$bootstrap_agree <- entry("agree", "psych::alpha(x, n.iter = 1000)$boot.ci",
                                 as.numeric(alpha(gaps$agree, check.keys = FALSE, n.iter = 1000)$boot.ci), "random: 2.5, 50 and 97.5 %")
results$hierarchical_sim52 <- entry("C items of sim52, pairwise", "psych::omega(x, nfactors = 8)", schmid(sim[grep("^C[0-9]_", names(sim))], 8))
results$hierarchical_bfi <- entry("bfi keyed, complete rows", "psych::omega(x, nfactors = 5)", schmid(keyed, 5),
                                  "psych may flip further items; names end in '-'")
meta <- list(R = R.version.string, psych = as.character(packageVersion("psych")), lavaan = as.character(packageVersion("lavaan")),
             semTools = as.character(packageVersion("semTools")))
write_json(list(meta = meta, results = results), "reliability.json", digits = 15, auto_unbox = TRUE)
