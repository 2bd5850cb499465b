# How all detectors of the NWD paper are trained (section 4), whatever the model and the data.
_base_ = ['mmdet::_base_/schedules/schedule_1x.py', 'mmdet::_base_/default_runtime.py']
custom_imports = dict(imports=['nwd_mmdet'], allow_failed_imports=False)

# 4 GPUs x 2 images = 8, lr .01; `--auto-scale-lr` adapts it to other numbers of GPUs. Steps at 8 and 11 of 12 epochs,
# 500 iterations of warm-up from .001 of the rate: schedule_1x. The clipping is not the paper's; it only meets
# gradients that would end in NaN.
optim_wrapper = dict(optimizer=dict(lr=0.01), clip_grad=dict(max_norm=35, norm_type=2))
auto_scale_lr = dict(enable=False, base_batch_size=8)
