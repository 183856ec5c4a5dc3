# Reproduces efa.json. Run in this folder: Rscript efa.R
# Versions used: R 4.2.2, psych 2.2.9, GPArotation 2022.10-2.
suppressMessages({library(psych); library(GPArotation); library(jsonlite)})

bfi <- read.csv("data/bfi.csv")[, 1:25]
full <- read.csv("data/sim52_full.csv")
sets <- list(bfi = na.omit(bfi), sim52 = full[grep("^C[0-9]_", names(full))])
size <- c(bfi = 5, sim52 = 8)
entry <- function(dataset, call, value, note = "") list(dataset = dataset, call = call, value = value, note = note)
solution <- function(f) list(
  items = rownames(f$loadings), loadings = unclass(f$loadings)[, ], structure = unclass(f$Structure)[, ],
  phi = if (is.null(f$Phi)) diag(f$factors) else unclass(f$Phi)[, ], communality = as.numeric(f$communality),
  complexity = as.numeric(f$complexity), sum_of_squares = as.numeric(f$Vaccounted["SS loadings", ]),
  fit = list(rmsr = f$rms, rmsr_corrected = f$crms, chi_square = f$STATISTIC, df = f$dof, tli = f$TLI, bic = f$BIC,
             rmsea = f$RMSEA[["RMSEA"]], rmsea_lower = f$RMSEA[["lower"]], rmsea_upper = f$RMSEA[["upper"]],
             null_chi_square = f$null.chisq))

wanted <- list(bfi = list(minres = c("none", "oblimin", "promax", "varimax", "geominQ", "quartimin"),
                          ml = c("none", "oblimin", "promax", "varimax", "geominQ")),
               sim52 = list(minres = c("none", "oblimin", "promax", "varimax"), ml = c("oblimin", "geominQ")))
results <- list()
for (s in names(wanted)) for (m in names(wanted[[s]])) for (r in wanted[[s]][[m]])
  results[[paste(s, m, r, sep = ".")]] <- entry(s, sprintf("psych::fa(x, nfactors = %d, rotate = '%s', fm = '%s')", size[[s]], r, m),
                                                solution(fa(sets[[s]], size[[s]], rotate = r, fm = m, max.iter = 500)))
results$bfi.pa.oblimin <- entry("bfi", "psych::fa(x, nfactors = 5, rotate = 'oblimin', fm = 'pa', min.err = 1e-9)",
                                solution(fa(sets$bfi, 5, rotate = "oblimin", fm = "pa", max.iter = 5000, min.err = 1e-9)),
                                "psych stops at a change of .001 unless told otherwise")
results$bfi.principal.none <- entry("bfi", "psych::principal(x, nfactors = 5, rotate = 'none')",
                                    list(items = names(sets$bfi), loadings = unclass(principal(sets$bfi, 5, rotate = "none")$loadings)[, ]))
for (s in names(sets))
  results[[paste0(s, ".polychoric")]] <- entry(s, "psych::fa(lavaan::lavCor(x, ordered = names(x)), nfactors, n.obs, rotate = 'oblimin', fm = 'minres')",
    solution(fa(unclass(lavaan::lavCor(sets[[s]], ordered = names(sets[[s]]), output = "cor")), size[[s]], n.obs = nrow(sets[[s]]),
                rotate = "oblimin", fm = "minres", max.iter = 500)))
ordered_like <- function(f) unclass(f$loadings)[, ]
first <- fa(sets$bfi, 5, rotate = "oblimin", fm = "minres")
second <- fa(sets$bfi, 5, rotate = "varimax", fm = "ml")
results$congruence <- entry("bfi", "psych::factor.congruence(minres oblimin, ml varimax)",
  list(first = ordered_like(first), second = ordered_like(second), items = names(sets$bfi),
       congruence = unclass(factor.congruence(first, second, digits = 15))))
sl <- schmid(cor(sets$sim52), 8)
results$schmid_sim52 <- entry("sim52", "psych::schmid(cor(x), 8)", list(items = rownames(sl$sl), general = as.numeric(sl$sl[, "g"]),
  group = unname(sl$sl[, 2:9]), communality = as.numeric(sl$sl[, "h2"])))
meta <- list(R = R.version.string, psych = as.character(packageVersion("psych")), GPArotation = as.character(packageVersion("GPArotation")))
write_json(list(meta = meta, results = results), "efa.json", digits = 12, auto_unbox = TRUE)
